namespace Recommender.Recommend.Serving;

/// <summary>A position and the value it is ranked by.</summary>
internal readonly record struct RankedItem(int Position, double Value);
