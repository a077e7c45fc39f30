using Recommender.Contracts;
using Recommender.Storage.Events;
using Recommender.Storage.Users;

namespace Recommender.Trainer.Events;

/// <summary>
/// Histories of recently active users, so that a batch need not read what it or earlier batches have just written. An
/// entry counts
/// only at the revision it was taken at: any other change of a user (another Trainer, a merge, an erasure, retention) gives it another
/// one, and the
/// history is read from the store again. One caller at a time, but for <see cref="Forget"/>.
/// </summary>
/// <param name="eventsLimit">Events held at most, 24 bytes each, where a user counts as some more; users not seen for longest go
/// first.</param>
internal sealed class HistoryCache(int eventsLimit)
{
    /// <summary>Overhead of a user in the cache, in events of 24 bytes: list node, dictionary entry and array.</summary>
    internal const int EventsPerUser = 10;

    private readonly Dictionary<int, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private readonly HashSet<UserRef> _forgotten = [];
    private readonly Lock _changing = new();

    /// <summary>What is held now, in events.</summary>
    public int Size { get; private set; }

    /// <summary>
    /// The user's history with the addition, or null when it is not known what it was before. The list is the cache's own: it holds until
    /// the next call.
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
            // By (occurredAt, sequence); what is added has the highest sequence. Nearly always that is the end.
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

    /// <summary>Remembers a history as read from the store.</summary>
    public void Put(UserEvents user)
    {
        using var scope = _changing.EnterScope();
        if (_entries.GetValueOrDefault(user.UserKey) is { } known) Remove(known);
        // Read before an erasure that has come meanwhile.
        if (_forgotten.Contains(user.User)) return;
        Insert(new Entry(user.UserKey, user.User, [.. user.Events]) { Revision = user.Revision });
    }

    /// <summary>Keeps to the limit. After a batch, when no list that was handed out is in use any more.</summary>
    public void Trim()
    {
        using var scope = _changing.EnterScope();
        _forgotten.Clear();
        while (Size > eventsLimit && _byUse.First is { } oldest) Remove(oldest);
    }

    /// <summary>Drops what is held on the user. From any thread.</summary>
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
