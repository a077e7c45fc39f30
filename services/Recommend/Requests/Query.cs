using Recommender.Contracts;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;

namespace Recommender.Recommend.Requests;

/// <summary>
/// A request and the work on it: wishes, what is known of the user, and the answer, in buffers that the next request on the same thread
/// uses again. Filled, computed and written without an await in between.
/// </summary>
internal sealed class Query
{
    [ThreadStatic]
    private static Query? s_current;

    /// <summary>This thread's query, empty.</summary>
    public static Query Begin()
    {
        var query = s_current ??= new Query();
        query.Clear();
        return query;
    }

    // Wishes.
    public AnswerKind Kind;
    public string? UserId;
    public string? SessionId;
    public int Count;
    public bool IncludeSeen;
    public bool Explain;

    /// <summary>Reasons of each item at most.</summary>
    public int ReasonCount;
    public double Diversity;
    public Placement? Placement;
    public Filter? Filter;
    public readonly List<string> Categories = [];
    public readonly List<string> Tags = [];
    public IReadOnlyList<Boost>? Boosts;
    public IReadOnlyList<Pin>? Pins;
    public IReadOnlyList<HistoryEvent>? GivenHistory;

    /// <summary>Item whose neighbours are asked for.</summary>
    public string? ItemId;

    /// <summary>Set for a page after the first.</summary>
    public bool HasCursor;

    /// <summary>Store keys shown on earlier pages.</summary>
    public readonly List<int> ShownKeys = [];

    /// <summary>Items of this page at most: what was asked for, less what all pages together may not show.</summary>
    public int PageCount => Math.Min(Count, Math.Max(Limits.PagedItems - ShownKeys.Count, 0));

    public readonly List<string> ExcludedIds = [];

    // Work.
    public readonly PositionSet Excluded = new();
    public readonly ItemSet Allowed = new(0);
    public readonly List<(ItemSet Set, float Factor)> BoostSets = [];
    public HistoryEntry[] History = new HistoryEntry[64];
    public int HistoryLength;

    /// <summary>When each entry of the history last happened, in seconds since 1970.</summary>
    public long[] HistoryTimes = new long[64];

    /// <summary>The first entries of the history are those the model knows.</summary>
    public int UsableHistory;
    public float[] Factor = [];

    /// <summary>Combines the events of <see cref="GivenHistory"/>.</summary>
    public readonly EventShares GivenShares = new();

    /// <summary>What the model's item–item term adds to scores; empty where the model has none.</summary>
    public readonly ItemTerm Term = new();
    public readonly ItemSet Untouched = new(0);
    public float[] TermScores = [];

    /// <summary>Positions excluded only because they were shown lately.</summary>
    public readonly List<int> Rotated = [];
    public ScoredItem[] Scored = new ScoredItem[64];
    public RankedItem[] Ranked = new RankedItem[64];
    public float[] Contributions = [];
    public int[] Order = [];

    // The answer.
    public AnswerItem[] Items = new AnswerItem[64];
    public int ItemCount;

    /// <summary>What follows the items of a ranking, in the order given.</summary>
    public readonly List<UnrankedItem> Unranked = [];
    public string Source = Sources.Popular;
    public bool UsedModel;
    public bool More;
    public readonly JsonBuffer Json = new();

    /// <summary>At least <paramref name="length"/> long; what a caller finds in it is undefined.</summary>
    public static Span<T> EnsureCapacity<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length) buffer = new T[Math.Max(length, buffer.Length * 2)];
        return buffer.AsSpan(0, length);
    }

    public void AddItem(int position, float score, bool fromModel)
    {
        if (ItemCount == Items.Length) Array.Resize(ref Items, ItemCount * 2);
        Items[ItemCount++] = new AnswerItem(position, score, fromModel);
    }

    public void AddHistory(int position, float weight, float target, long atSeconds)
    {
        if (HistoryLength == History.Length)
        {
            Array.Resize(ref History, HistoryLength * 2);
            Array.Resize(ref HistoryTimes, HistoryLength * 2);
        }

        HistoryTimes[HistoryLength] = atSeconds;
        History[HistoryLength++] = new HistoryEntry(position, weight, target);
    }

    private void Clear()
    {
        Kind = AnswerKind.ForUser;
        UserId = SessionId = ItemId = null;
        Count = 0;
        ReasonCount = Limits.DefaultReasons;
        IncludeSeen = Explain = HasCursor = UsedModel = More = false;
        Diversity = 0;
        Placement = null;
        Filter = null;
        Boosts = null;
        Pins = null;
        GivenHistory = null;
        Categories.Clear();
        Tags.Clear();
        ShownKeys.Clear();
        Unranked.Clear();
        ExcludedIds.Clear();
        BoostSets.Clear();
        Source = Sources.Popular;
        Json.Clear();
        ClearAnswer();
    }

    /// <summary>Makes the query ready for the same wishes for another user.</summary>
    public void ClearAnswer()
    {
        Excluded.Clear();
        Rotated.Clear();
        Term.Clear();
        HistoryLength = UsableHistory = 0;
        ItemCount = 0;
        UsedModel = More = false;
    }
}
