namespace Recommender.Benchmarks.Replay;

/// <summary>Sessions so far, and the newest sessions of each item.</summary>
internal sealed class SessionStore(int sessionsPerItem)
{
    private readonly Dictionary<int, List<int>> _items = [];
    private readonly Dictionary<int, LinkedList<int>> _sessionsOf = [];
    private readonly Dictionary<int, int> _counts = [];

    public int SessionCount => _items.Count;

    public void Learn(ReplayClick click)
    {
        if (!_items.TryGetValue(click.Session, out var items)) _items[click.Session] = items = [];
        if (items.Contains(click.Item)) return;
        items.Add(click.Item);
        _counts[click.Item] = _counts.GetValueOrDefault(click.Item) + 1;
        if (!_sessionsOf.TryGetValue(click.Item, out var sessions)) _sessionsOf[click.Item] = sessions = [];
        sessions.AddFirst(click.Session);
        if (sessions.Count > sessionsPerItem) sessions.RemoveLast();
    }

    public IReadOnlyList<int> ItemsOf(int session) => _items[session];

    /// <summary>Newest first.</summary>
    public IEnumerable<int> SessionsOf(int item) => _sessionsOf.TryGetValue(item, out var sessions) ? sessions : [];

    public int CountOf(int item) => _counts.GetValueOrDefault(item, 1);
}
