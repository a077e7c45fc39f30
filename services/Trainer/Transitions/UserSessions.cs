using Recommender.Factorization.Sessions.Pairs;

namespace Recommender.Trainer.Transitions;

/// <summary>The sessions of one user as far as they are remembered.</summary>
internal sealed class UserSessions
{
    private const int GroupsKept = 8, EventsKept = 32, PurchasesKept = 128;

    private readonly List<SessionGroup> _groups = [];
    private bool _isComplete = true;

    /// <summary>The store's revision of the user that this belongs to.</summary>
    public long Revision { get; set; }

    public int EventCount => _groups.Sum(group => group.Events.Count + group.Purchases.Count);

    public IReadOnlyList<SessionGroup> Groups => _groups;

    /// <summary>Whether what an event changes can be found out from what is remembered.</summary>
    /// <param name="window">Events before an event that its pairs depend on.</param>
    /// <param name="basketWindow">The same for purchases; null for an event that is none.</param>
    public bool Covers(SessionEvent added, string? sessionId, int window, int? basketWindow)
    {
        if (Find(sessionId) is not { } group) return _isComplete;
        return (!group.IsTruncated || PairCounter.PlaceOf(group.Events, added) >= window)
            && (basketWindow is null || !group.IsBasketTruncated || PairCounter.PlaceOf(group.Purchases, added) >= basketWindow);
    }

    public SessionGroup FindOrAdd(string? sessionId)
    {
        if (Find(sessionId) is { } known) return known;
        var added = new SessionGroup(sessionId);
        _groups.Add(added);
        return added;
    }

    /// <summary>Keeps the newest sessions, and of each the newest events.</summary>
    public void Trim()
    {
        if (_groups.Count > GroupsKept)
        {
            _groups.Sort(static (a, b) => a.Events.Count == 0 || b.Events.Count == 0 ? a.Events.Count.CompareTo(b.Events.Count)
                : a.Events[^1].CompareTo(b.Events[^1]));
            _groups.RemoveRange(0, _groups.Count - GroupsKept);
            _isComplete = false;
        }

        foreach (var group in _groups) group.Truncate(EventsKept, PurchasesKept);
    }

    private SessionGroup? Find(string? sessionId)
    {
        foreach (var group in _groups)
            if (string.Equals(group.Id, sessionId, StringComparison.Ordinal)) return group;
        return null;
    }
}
