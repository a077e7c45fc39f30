using Recommender.Cli.Import.Files;
using Recommender.Cli.Import.Sending;
using Recommender.CommandLines;
using Recommender.Contracts;

namespace Recommender.Cli.Import;

/// <summary>What a preset has read: items, events in time order, and what was left out.</summary>
internal sealed class ImportData(DateTimeOffset now, int chunkSize = EventSorter.DefaultChunkSize) : IDisposable
{
    public const int BadRowsShown = 10;

    private readonly Dictionary<string, ItemPatch> _items = [];
    private readonly Dictionary<SourceFile, FileRows> _files = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, string> _pool = [];
    private readonly EventSorter _sorter = new(chunkSize);
    private readonly Dictionary<string, long> _skipped = [];
    private readonly List<BadRow> _badRows = [];

    /// <summary>The clock of the import, which times are compared with.</summary>
    public DateTimeOffset Now => now;

    /// <summary>One patch per item, in the order of their first mention. Of each field the last value that a row states.</summary>
    public IReadOnlyCollection<ItemPatch> Items => _items.Values;

    public long EventCount => _sorter.Count;

    /// <summary>Rows of all files, bad ones too, without header and empty lines.</summary>
    public long RowCount { get; private set; }

    public long BadCount { get; private set; }

    /// <summary>The first <see cref="BadRowsShown"/>.</summary>
    public IReadOnlyList<BadRow> BadRows => _badRows;

    /// <summary>What a user should know about how the files were read.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Rows left out on purpose, by reason.</summary>
    public IReadOnlyDictionary<string, long> Skipped => _skipped;

    /// <summary>Equal event ids of one time get the ordinal <c>-1</c>, <c>-2</c>, … . Set by presets whose rows have no id of their
    /// own.</summary>
    public bool NumberEqualIds { get; set; }

    /// <summary>Adds an event, or counts its row as bad when the server would refuse it.</summary>
    public bool AddEvent(SourceFile file, long line, Interaction interaction)
    {
        if ((interaction.Validate(now) ?? Damaged(interaction)) is { } error)
        {
            AddBad(file, line, $"{error.Field} {error.Error}");
            return false;
        }

        // The same few thousand ids come again and again: one string each instead of one per row.
        _sorter.Add(interaction with
        {
            UserId = Pooled(interaction.UserId),
            ItemId = Pooled(interaction.ItemId),
            Type = Pooled(interaction.Type)
        });
        return true;
    }

    /// <summary>
    /// Adds what a row states about an item to what earlier rows do; counts the row as bad when the server would refuse it.
    /// </summary>
    public bool AddItem(SourceFile file, long line, ItemPatch item)
    {
        if (item.Validate() is { } error)
        {
            AddBad(file, line, $"{error.Field} {error.Error}");
            return false;
        }

        _items[item.ItemId] = _items.TryGetValue(item.ItemId, out var earlier) ? earlier.With(item) : item;
        return true;
    }

    public ItemPatch? FindItem(string itemId) => _items.GetValueOrDefault(itemId);

    /// <summary>Counts rows read from a file, good or bad.</summary>
    public void AddRow(SourceFile file, int rows = 1)
    {
        RowCount += rows;
        RowsOf(file).Count += rows;
    }

    /// <summary>Counts rows of a file as bad that <see cref="AddRow"/> has counted.</summary>
    /// <param name="rows">More than one where a row cannot be told from the lines after it.</param>
    public void AddBad(SourceFile file, long line, string reason, int rows = 1)
    {
        var bad = new BadRow(file.Name, line, reason);
        BadCount += rows;
        RowsOf(file).AddBad(bad, rows);
        if (_badRows.Count < BadRowsShown) _badRows.Add(bad);
    }

    /// <summary>To be called at the end of each file.</summary>
    /// <exception cref="CommandException">The file has no rows, or all of them are bad.</exception>
    public void EndFile(SourceFile file)
    {
        var rows = RowsOf(file);
        if (rows.Count == 0) throw new CommandException($"{file.Path} has no rows.");
        if (rows.BadCount < rows.Count) return;
        throw new CommandException(
            FormattableString.Invariant($"{file.Path}: all {rows.Count:N0} rows are bad; nothing was sent. ")
            + $"The first is line {rows.FirstBad!.Value.Line}: {rows.FirstBad.Value.Reason}.");
    }

    /// <summary>To be called when all is read, before anything is sent.</summary>
    /// <exception cref="CommandException">More than <paramref name="percent"/> percent of the rows are bad.</exception>
    public void ThrowIfTooManyBad(double percent)
    {
        if (BadCount * 100.0 <= percent * RowCount) return;
        var first = _badRows[0];
        double share = 100.0 * BadCount / RowCount;
        string limit = FormattableString.Invariant($"{share:0.##} %, --max-bad {percent:0.##}");
        throw new CommandException(
            FormattableString.Invariant($"{BadCount:N0} of {RowCount:N0} rows are bad ({limit}); nothing was sent. ")
            + $"The first is {first.File}, line {first.Line}: {first.Reason}.");
    }

    /// <summary>Adds a note unless there is the same one.</summary>
    public void AddNote(string note)
    {
        if (!_notes.Contains(note)) _notes.Add(note);
    }

    public void AddSkipped(string reason) => _skipped[reason] = _skipped.GetValueOrDefault(reason) + 1;

    /// <summary>Events in time order, those of one time in file order. May be enumerated once.</summary>
    public IEnumerable<Interaction> ReadEvents()
    {
        if (!NumberEqualIds) return _sorter.Read();
        return Numbered();

        IEnumerable<Interaction> Numbered()
        {
            // An id holds the time of its event, so equal ids are neighbours here and the counts of one time suffice.
            var counts = new Dictionary<string, int>();
            DateTimeOffset? time = null;
            foreach (var interaction in _sorter.Read())
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

    public void Dispose() => _sorter.Dispose();

    private FileRows RowsOf(SourceFile file) => _files.TryGetValue(file, out var rows) ? rows : _files[file] = new FileRows();

    private static FieldError? Damaged(Interaction interaction)
    {
        string? field = ImportText.IsDamaged(interaction.UserId) ? "userId"
            : ImportText.IsDamaged(interaction.SessionId) ? "sessionId"
            : ImportText.IsDamaged(interaction.ItemId) ? "itemId"
            : ImportText.IsDamaged(interaction.EventId) ? "eventId"
            : ImportText.IsDamaged(interaction.Type) ? "type" : null;
        return field is null ? null : new(field, "holds U+FFFD: its text was damaged before");
    }

    private string? Pooled(string? text)
    {
        if (text is null) return null;
        if (_pool.TryGetValue(text, out string? known)) return known;
        if (_pool.Count > 1_000_000) _pool.Clear();
        return _pool[text] = text;
    }

    /// <summary>The rows of one file.</summary>
    private sealed class FileRows
    {
        public long Count { get; set; }

        public long BadCount { get; private set; }

        public BadRow? FirstBad { get; private set; }

        public void AddBad(BadRow bad, int rows)
        {
            BadCount += rows;
            FirstBad ??= bad;
        }
    }
}
