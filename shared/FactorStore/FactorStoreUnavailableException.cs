namespace Recommender.FactorStore;

public sealed class FactorStoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
