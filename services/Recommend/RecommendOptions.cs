using Recommender.Contracts;
using Recommender.Retrieval;
using Recommender.Retrieval.Cells;

namespace Recommender.Recommend;

/// <summary>Settings of Recommend: configuration section <c>Recommend</c>.</summary>
public sealed class RecommendOptions
{
    public const string Section = "Recommend";

    /// <summary>Pause between two looks at the release pointer and the feed of catalogue changes.</summary>
    public int PollMilliseconds { get; set; } = 200;

    /// <summary>Items of an answer where neither the request nor its placement says how many.</summary>
    public int DefaultCount { get; set; } = 20;

    /// <summary>What users get of whom nothing is known: <c>popular</c> or <c>trending</c>.</summary>
    public string Fallback { get; set; } = Sources.Popular;

    /// <summary>Users whose shown items are remembered for placements with rotation.</summary>
    public int RotationUsers { get; set; } = 100_000;

    /// <summary>
    /// Rows that an exact search may look at on average: smaller catalogues are searched exactly, and larger ones where searches for the
    /// model's sample
    /// of users end within that; others by neighbourhood.
    /// </summary>
    public int LargestScanRows { get; set; } = new ItemIndexOptions().LargestScanRows;

    /// <summary>Share of the true best 20 that a search by neighbourhood finds on average; 1: every answer is exact, and takes
    /// longer.</summary>
    public double RecallTarget { get; set; } = new CellIndexOptions().RecallTarget;

    /// <summary>
    /// Users that the index for similar users holds at most; of more, a fixed sample by a hash of their ids. It is built when it is first
    /// asked for, and dropped after an hour without a request. A user takes about 150 bytes and one byte per number of a factor. 0: no
    /// index, and requests are refused.
    /// </summary>
    public int SimilarUsersLimit { get; set; } = 2_000_000;

    /// <summary>
    /// Pause between two passes over the factors of all users, while similar users are asked for: how long changes may take to be found.
    /// Four times what a pass took, if that is longer.
    /// </summary>
    public double SimilarUsersRefreshSeconds { get; set; } = 30;

    internal ItemIndexOptions Index => new()
    {
        LargestScanRows = LargestScanRows,
        Cells = new CellIndexOptions { RecallTarget = RecallTarget }
    };

    internal void Validate()
    {
        Check(PollMilliseconds is >= 10 and <= 60_000, nameof(PollMilliseconds), "must be between 10 and 60000");
        Check(DefaultCount is >= 1 and <= Limits.RecommendationCount,
            nameof(DefaultCount), $"must be between 1 and {Limits.RecommendationCount}");
        Check(Fallback is Sources.Popular or Sources.Trending, nameof(Fallback), "must be popular or trending");
        Check(LargestScanRows is >= 0 and <= 100_000_000, nameof(LargestScanRows), "must be between 0 and 100000000");
        Check(RecallTarget is > 0 and <= 1, nameof(RecallTarget), "must be above 0 and at most 1");
        Check(SimilarUsersLimit is >= 0 and <= 100_000_000, nameof(SimilarUsersLimit), "must be between 0 and 100000000");
        Check(SimilarUsersRefreshSeconds is >= 0.05 and <= 3600, nameof(SimilarUsersRefreshSeconds), "must be between 0.05 and 3600");
        Check(RotationUsers is >= 1 and <= 10_000_000, nameof(RotationUsers), "must be between 1 and 10000000");
    }

    private static void Check(bool valid, string name, string fix)
    {
        if (!valid) throw new InvalidOperationException($"Setting {Section}:{name} {fix}.");
    }
}
