namespace Recommender.Factorization.Sessions.Pairs;

/// <summary>A weight that the row of <paramref name="Row"/> gains or loses.</summary>
/// <param name="Row">Item whose row changes.</param>
/// <param name="Item">Item that was seen with it.</param>
/// <param name="TimeMs">Time of the later of the two events.</param>
/// <param name="IsAdded">False: the weight was counted before and is taken back.</param>
public readonly record struct PairDelta(int Row, int Item, float Weight, long TimeMs, bool IsAdded);
