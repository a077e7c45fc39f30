using System.ComponentModel.DataAnnotations;
using Recommender.Contracts;
using Recommender.Retrieval;
using Recommender.Retrieval.Cells;

namespace Recommender.Recommend;

/// <summary>Configuration section <c>Recommend</c>.</summary>
public sealed class RecommendOptions
{
    public const string Section = "Recommend";

    /// <summary>How often the release pointer and the feed of catalogue changes are polled.</summary>
    [Range(10, 60_000)]
    public int PollMilliseconds { get; set; } = 200;

    /// <summary>Items of an answer if neither the request nor its placement has a count.</summary>
    [Range(1, Limits.RecommendationCount)]
    public int DefaultCount { get; set; } = 20;

    /// <summary>The list for users without a history: <c>popular</c> or <c>trending</c>.</summary>
    [AllowedValues(Sources.Popular, Sources.Trending)]
    public string Fallback { get; set; } = Sources.Popular;

    /// <summary>Users whose shown items are remembered for placements with rotation.</summary>
    [Range(1, 10_000_000)]
    public int RotationUsers { get; set; } = 100_000;

    /// <summary>
    /// Rows that an exact search may score on average. Smaller catalogues are searched exactly, and so are larger ones if searches for the
    /// model's sample of users stay within it. Others are searched by neighbourhood.
    /// </summary>
    [Range(0, 100_000_000)]
    public int LargestScanRows { get; set; } = new ItemIndexOptions().LargestScanRows;

    /// <summary>Average recall of the true best 20 by a search by neighbourhood. 1: every answer is exact, and takes
    /// longer.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double RecallTarget { get; set; } = new CellIndexOptions().RecallTarget;

    /// <summary>
    /// Users that the index for similar users holds at most; of more, a fixed sample by a hash of their ids. It is built when it is first
    /// asked for, and dropped after an hour without a request. A user takes about 150 bytes and one byte per number of a factor. 0: no
    /// index, and requests are refused.
    /// </summary>
    [Range(0, 100_000_000)]
    public int SimilarUsersLimit { get; set; } = 2_000_000;

    /// <summary>
    /// Pause between two passes over the factors of all users, while similar users are asked for: how long changes may take to be found.
    /// Four times what a pass took, if that is longer.
    /// </summary>
    [Range(0.05, 3600.0)]
    public double SimilarUsersRefreshSeconds { get; set; } = 30;

    /// <summary>Whether answers are recorded, so that outcomes can be attributed to them.</summary>
    public bool RecordAnswers { get; set; } = true;

    /// <summary>How often recorded answers are published: what a kill loses at most.</summary>
    [Range(10, 10_000)]
    public int RecordEveryMilliseconds { get; set; } = 500;

    /// <summary>Answers that may wait to be published, about 500 bytes each. Beyond it the oldest are dropped, and counted in the metric
    /// <c>recommender.recommend.records_dropped</c>.</summary>
    [Range(1, 10_000_000)]
    public int RecordQueueLimit { get; set; } = 20_000;

    /// <summary>
    /// What the meaning of a text counts for in a search: the item whose text means most nearly what the query does gains as much as this
    /// share of the words of the best match. 0: meaning finds items, but does not order them.
    /// </summary>
    [Range(0.0, 100.0)]
    public double SearchMeaningWeight { get; set; } = 1;

    /// <summary>
    /// What the taste of a user counts for in a search: the item they like best of those found gains as much as this share of the words of
    /// the best match. 0: the order is that of the words alone.
    /// </summary>
    [Range(0.0, 100.0)]
    public double SearchTasteWeight { get; set; } = 0.25;

    internal ItemIndexOptions Index => new()
    {
        LargestScanRows = LargestScanRows,
        Cells = new CellIndexOptions { RecallTarget = RecallTarget }
    };
}
