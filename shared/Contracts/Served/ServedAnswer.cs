namespace Recommender.Contracts.Served;

/// <summary>
/// An answer that was returned: what Recommend publishes on <see cref="Topology.Served"/>, and Insights keeps. Mutable, so that Recommend
/// can use it again.
/// </summary>
public sealed class ServedAnswer
{
    private ServedItem[] _items = [];

    public RecommendationId Id { get; set; }

    /// <summary>When it was returned, in milliseconds since 1970.</summary>
    public long AtMs { get; set; }

    public AnswerKind Kind { get; set; }

    /// <summary>Where the first item came from: one of <see cref="Sources"/>.</summary>
    public string Source { get; set; } = Sources.Popular;

    /// <summary>Name of the placement; null without one.</summary>
    public string? Placement { get; set; }

    /// <summary>Whom it was for; null for nobody in particular.</summary>
    public UserRef? Subject { get; set; }

    /// <summary>The model in service, where items were scored; 0: there is none.</summary>
    public long ModelVersion { get; set; }

    /// <summary>The share of answers that are recorded, above 0, at most 1: this one stands for 1 / share answers.</summary>
    public float Share { get; set; } = 1;

    /// <summary>The items in the order shown.</summary>
    public ReadOnlySpan<ServedItem> Items => _items.AsSpan(0, Count);

    public int Count { get; private set; }

    /// <summary>Forgets the items, and makes room for others.</summary>
    public void Begin(int capacity)
    {
        Count = 0;
        if (_items.Length < capacity) _items = new ServedItem[Math.Max(capacity, 2 * _items.Length)];
    }

    /// <summary>Adds an item, for which <see cref="Begin"/> has made room.</summary>
    public void Add(ServedItem item) => _items[Count++] = item;
}
