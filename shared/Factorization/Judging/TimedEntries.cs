using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>Entries of a data set, for <see cref="TimeWindows"/>. Entries of equal time keep the given order.</summary>
public sealed class TimedEntries : ITimedInteractions
{
    private readonly int _items;
    private readonly TimedEntry[] _entries;

    /// <param name="entries">Entries in any order.</param>
    public TimedEntries(int users, int items, IEnumerable<TimedEntry> entries)
    {
        (Users, _items) = (users, items);
        _entries = [.. entries.OrderBy(e => e.Time)];
    }

    public int Users { get; }

    public int Count => _entries.Length;

    public long TimeOf(int interaction) => _entries[interaction].Time;

    public int UserOf(int interaction) => _entries[interaction].Entry.User;

    public int ItemOf(int interaction) => _entries[interaction].Entry.Item;

    public bool[] PositiveIn(int from, int to) => [.. _entries[from..to].Select(e => e.Entry.Target >= .5f)];

    public InteractionMatrix Preferences(int events, IReadOnlySet<int>? held = null) =>
        InteractionMatrix.BuildTimed(Users, _items, held is null ? _entries[..events]
        : [.. _entries[..events].Where((_, e) => !held.Contains(e))]);
}
