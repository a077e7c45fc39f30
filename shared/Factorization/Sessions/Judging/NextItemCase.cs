namespace Recommender.Factorization.Sessions.Judging;

/// <summary>A question with its answer.</summary>
/// <param name="History">Item indices, oldest first.</param>
/// <param name="Target">The item that followed.</param>
public readonly record struct NextItemCase(int[] History, int Target);
