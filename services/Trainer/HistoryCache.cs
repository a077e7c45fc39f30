using Recommender.Contracts;
using Recommender.Storage;

namespace Recommender.Trainer;

/// <summary>
/// Histories of the users who were active lately, so that a batch need not read back what it and those before it have just written. An entry counts
/// only at the revision it was taken at: whatever else changes a user (another Trainer, a merge, an erasure, retention) gives it another one, and the
/// history is read from the store again. One caller at a time, but for <see cref="Forget"/>.
/// </summary>
/// <param name="eventsLimit">Events held at most, 24 bytes each, where a user counts as some more; users not seen for longest go first.</param>
internal sealed class HistoryCache(int eventsLimit)
{
    internal const int EventsPerUser = 10;

    private readonly Dictionary<int, LinkedListNode<Entry>> entries = [];
    private readonly LinkedList<Entry> byUse = [];
    private readonly HashSet<UserRef> forgotten = [];
    private readonly Lock changing = new();

    /// <summary>What is held now, in events.</summary>
    public int Size { get; private set; }

    /// <summary>
    /// The user's history with the addition, or null when it is not known what it was before. The list is the cache's own: it holds until the next call.
    /// </summary>
    public UserEvents? Add(UserAddition addition, long revision)
    {
        using var scope = changing.EnterScope();
        if (entries.GetValueOrDefault(addition.UserKey) is not { } node)
        {
            if (addition.PriorRevision != 0 || forgotten.Contains(addition.User)) return null;
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
        byUse.Remove(node);
        byUse.AddLast(node);
        return new UserEvents { UserKey = entry.UserKey, User = entry.User, Revision = revision, Events = entry.History };
    }

    /// <summary>Remembers a history as read from the store.</summary>
    public void Put(UserEvents user)
    {
        using var scope = changing.EnterScope();
        if (entries.GetValueOrDefault(user.UserKey) is { } known) Remove(known);
        // Read before an erasure that has come meanwhile.
        if (forgotten.Contains(user.User)) return;
        Insert(new Entry(user.UserKey, user.User, [.. user.Events]) { Revision = user.Revision });
    }

    /// <summary>Keeps to the limit. After a batch, when no list that was handed out is in use any more.</summary>
    public void Trim()
    {
        using var scope = changing.EnterScope();
        forgotten.Clear();
        while (Size > eventsLimit && byUse.First is { } oldest) Remove(oldest);
    }

    /// <summary>Drops what is held on the user. From any thread.</summary>
    public void Forget(UserRef user)
    {
        using var scope = changing.EnterScope();
        forgotten.Add(user);
        foreach (var entry in byUse.Where(entry => entry.User == user).ToList()) Remove(entries[entry.UserKey]);
    }

    private LinkedListNode<Entry> Insert(Entry entry)
    {
        Size += entry.History.Count + EventsPerUser;
        return entries[entry.UserKey] = byUse.AddLast(entry);
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        Size -= node.Value.History.Count + EventsPerUser;
        entries.Remove(node.Value.UserKey);
        byUse.Remove(node);
    }

    private sealed class Entry(int userKey, UserRef user, List<StoredEvent> history)
    {
        public int UserKey => userKey;
        public UserRef User => user;
        public List<StoredEvent> History => history;
        public long Revision { get; set; }
    }
}
