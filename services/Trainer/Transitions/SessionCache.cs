namespace Recommender.Trainer.Transitions;

/// <summary>
/// Newest events of users who were active, so that a batch need not read them back. An entry holds only at the revision it was taken at:
/// whatever else changes a user gives the user another one. Holds keys of the store and no user ids. Not safe for concurrent use.
/// </summary>
/// <param name="eventsLimit">Events held at most, 24 bytes each, where a user counts as some more; users not seen for longest go
/// first.</param>
internal sealed class SessionCache(int eventsLimit)
{
    private const int EventsPerUser = 10;

    private readonly Dictionary<int, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private int _size;

    /// <summary>Null if the user is unknown or was changed since.</summary>
    public UserSessions? Find(int userKey, long revision) =>
        _entries.GetValueOrDefault(userKey) is { } node && node.Value.Sessions.Revision == revision ? node.Value.Sessions : null;

    public void Put(int userKey, UserSessions sessions)
    {
        Remove(userKey);
        sessions.Trim();
        int size = sessions.EventCount + EventsPerUser;
        _entries.Add(userKey, _byUse.AddLast(new Entry(userKey, sessions, size)));
        _size += size;
        while (_size > eventsLimit && _byUse.First is { } oldest) Remove(oldest.Value.UserKey);
    }

    public void Remove(int userKey)
    {
        if (!_entries.Remove(userKey, out var node)) return;
        _byUse.Remove(node);
        _size -= node.Value.Size;
    }

    public void Clear()
    {
        _entries.Clear();
        _byUse.Clear();
        _size = 0;
    }

    private sealed record Entry(int UserKey, UserSessions Sessions, int Size);
}
