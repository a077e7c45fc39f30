namespace Recommender.Contracts.Served;

/// <summary>What was asked for. The numbers are stored.</summary>
public enum AnswerKind : byte
{
    Recommendations = 0,
    Similar = 1,
    Together = 2,
    Again = 3,
    Recent = 4,
    Popular = 5,
    Trending = 6,
    Latest = 7,
    Rank = 8,

    /// <summary>A line of a batch: prepared, and shown only where an impression says so.</summary>
    Batch = 9,

    Search = 10,
}
