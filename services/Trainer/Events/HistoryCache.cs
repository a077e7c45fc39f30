using Recommender.Contracts;
using Recommender.Storage.Events;
using Recommender.Storage.Users;

namespace Recommender.Trainer.Events;

/// <summary>
/// Histories of recently active users, so that a batch need not read events that were just written. An entry is valid only at its revision:
/// any other change of a user (another Trainer, a merge, an erasure, retention) changes the revision, and the history is read from the
/// store again. One caller at a time, except for <see cref="Forget"/>.
/// </summary>
/// <param name="eventsLimit">Maximum number of events of 24 bytes, including an overhead per user. The least recently used users are
/// evicted.</param>
internal sealed class HistoryCache(int eventsLimit)
{
    /// <summary>Overhead of a user in the cache, in events of 24 bytes: list node, dictionary entry and array.</summary>
    internal const int EventsPerUser = 10;

    private readonly Dictionary<int, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private readonly HashSet<UserRef> _forgotten = [];
    private readonly Lock _changing = new();

    /// <summary>Current size, in events.</summary>
    public int Size { get; private set; }

    /// <summary>
    /// The user's history with the addition; null if the prior history is not cached. The list belongs to the cache and is valid until the
    /// next call.
    /// </summary>
    public UserEvents? Add(UserAddition addition, long revision)
    {
        using var scope = _changing.EnterScope();
        if (_entries.GetValueOrDefault(addition.UserKey) is not { } node)
        {
            if (addition.PriorRevision != 0 || _forgotten.Contains(addition.User)) return null;
            node = Insert(new Entry(addition.UserKey, addition.User, []));
        }
        else if (node.Value.Revision != addition.PriorRevision)
        {
            Remove(node);
            return null;
        }

        var entry = node.Value;
        foreach (var added in addition.Events)
        {
            // Ordered by (occurredAt, sequence). New events have the highest sequence, so they are usually at the end.
            int at = entry.History.Count;
            while (at > 0 && entry.History[at - 1].OccurredAtMs > added.OccurredAtMs) at--;
            entry.History.Insert(at, added);
        }

        Size += addition.Events.Count;
        entry.Revision = revision;
        _byUse.Remove(node);
        _byUse.AddLast(node);
        return new UserEvents { UserKey = entry.UserKey, User = entry.User, Revision = revision, Events = entry.History };
    }

    /// <summary>Adds a history as read from the store.</summary>
    public void Put(UserEvents user)
    {
        using var scope = _changing.EnterScope();
        if (_entries.GetValueOrDefault(user.UserKey) is { } known) Remove(known);
        // The history was read before an erasure.
        if (_forgotten.Contains(user.User)) return;
        Insert(new Entry(user.UserKey, user.User, [.. user.Events]) { Revision = user.Revision });
    }

    /// <summary>Evicts users above the limit. Call it after a batch, when no returned list is in use.</summary>
    public void Trim()
    {
        using var scope = _changing.EnterScope();
        _forgotten.Clear();
        while (Size > eventsLimit && _byUse.First is { } oldest) Remove(oldest);
    }

    /// <summary>Removes the user. Thread-safe.</summary>
    public void Forget(UserRef user)
    {
        using var scope = _changing.EnterScope();
        _forgotten.Add(user);
        foreach (var entry in _byUse.Where(entry => entry.User == user).ToList()) Remove(_entries[entry.UserKey]);
    }

    private LinkedListNode<Entry> Insert(Entry entry)
    {
        Size += entry.History.Count + EventsPerUser;
        return _entries[entry.UserKey] = _byUse.AddLast(entry);
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        Size -= node.Value.History.Count + EventsPerUser;
        _entries.Remove(node.Value.UserKey);
        _byUse.Remove(node);
    }

    private sealed class Entry(int userKey, UserRef user, List<StoredEvent> history)
    {
        public int UserKey => userKey;
        public UserRef User => user;
        public List<StoredEvent> History => history;
        public long Revision { get; set; }
    }
}
