using Recommender.Contracts;

namespace Recommender.Standalone.Import;

/// <summary>A row that is left out.</summary>
internal readonly record struct BadRow(string File, long Line, string Reason);

/// <summary>What a preset has read: items, events in time order, and what was left out.</summary>
internal sealed class ImportData(DateTimeOffset now, int chunkSize = EventSorter.DefaultChunkSize) : IDisposable
{
    public const int BadRowsShown = 10;

    private readonly Dictionary<string, Item> items = [];
    private readonly Dictionary<string, string> pool = [];
    private readonly EventSorter sorter = new(chunkSize);
    private readonly Dictionary<string, long> skipped = [];
    private readonly List<BadRow> badRows = [];

    /// <summary>In the order of their first mention.</summary>
    public IReadOnlyCollection<Item> Items => items.Values;

    public long EventCount => sorter.Count;

    public long BadCount { get; private set; }

    /// <summary>The first <see cref="BadRowsShown"/>.</summary>
    public IReadOnlyList<BadRow> BadRows => badRows;

    /// <summary>Rows left out on purpose, by reason.</summary>
    public IReadOnlyDictionary<string, long> Skipped => skipped;

    /// <summary>Equal event ids of one time get the ordinal <c>-1</c>, <c>-2</c>, … . Set by presets whose rows have no id of their own.</summary>
    public bool NumberEqualIds { get; set; }

    /// <summary>Adds an event, or counts its row as bad when the server would refuse it.</summary>
    public bool AddEvent(SourceFile file, long line, Interaction interaction)
    {
        if (interaction.Validate(now) is { } error)
        {
            AddBad(file, line, $"{error.Field} {error.Error}");
            return false;
        }

        // The same few thousand ids come again and again: one string each instead of one per row.
        sorter.Add(interaction with { UserId = Pooled(interaction.UserId), ItemId = Pooled(interaction.ItemId), Type = Pooled(interaction.Type) });
        return true;
    }

    /// <summary>Adds an item, or replaces the one with its id; counts its row as bad when the server would refuse it.</summary>
    public bool AddItem(SourceFile file, long line, Item item)
    {
        if (item.Validate() is { } error)
        {
            AddBad(file, line, $"{error.Field} {error.Error}");
            return false;
        }

        items[item.ItemId!] = item;
        return true;
    }

    public Item? FindItem(string itemId) => items.GetValueOrDefault(itemId);

    public void AddBad(SourceFile file, long line, string reason)
    {
        BadCount++;
        if (badRows.Count < BadRowsShown) badRows.Add(new(file.Name, line, reason));
    }

    public void AddSkipped(string reason) => skipped[reason] = skipped.GetValueOrDefault(reason) + 1;

    /// <summary>Events in time order, those of one time in file order. May be enumerated once.</summary>
    public IEnumerable<Interaction> ReadEvents()
    {
        if (!NumberEqualIds) return sorter.Read();
        return Numbered();

        IEnumerable<Interaction> Numbered()
        {
            // An id holds the time of its event, so equal ids are neighbours here and the counts of one time suffice.
            var counts = new Dictionary<string, int>();
            DateTimeOffset? time = null;
            foreach (var interaction in sorter.Read())
            {
                if (interaction.OccurredAt != time)
                {
                    counts.Clear();
                    time = interaction.OccurredAt;
                }

                int ordinal = counts[interaction.EventId!] = counts.GetValueOrDefault(interaction.EventId!) + 1;
                yield return interaction with { EventId = $"{interaction.EventId}-{ordinal}" };
            }
        }
    }

    public void Dispose() => sorter.Dispose();

    private string? Pooled(string? text)
    {
        if (text is null) return null;
        if (pool.TryGetValue(text, out string? known)) return known;
        if (pool.Count > 1_000_000) pool.Clear();
        return pool[text] = text;
    }
}
