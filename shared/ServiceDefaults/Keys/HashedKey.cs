namespace Recommender.ServiceDefaults.Keys;

internal sealed record HashedKey(int Iterations, byte[] Salt, byte[] Hash);
