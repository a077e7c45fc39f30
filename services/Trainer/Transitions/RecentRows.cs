using Recommender.FactorStore.Transitions;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Pairs;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Trainer.Transitions;

/// <summary>
/// Rows of recent events, one per half-life: every event counts its item, whichever item was before. About 10 KB in the factor store. Not
/// safe for concurrent use.
/// </summary>
internal sealed class RecentRows
{
    /// <summary>Items per row.</summary>
    public const int RowLength = 400;

    private readonly Row[] _rows = [new(SessionMix.HoursMs), new(SessionMix.DayMs), new(SessionMix.WeekMs)];

    /// <summary>Keys of the rows in the factor store.</summary>
    public static IReadOnlyList<int> Keys { get; } = [.. Enumerable.Range(0, 3).Select(TransitionRowRecord.RecentKey)];

    /// <summary>Whether the rows have changed since they were last saved.</summary>
    public bool HasChanged { get; private set; }

    /// <summary>Whether every row was counted or loaded.</summary>
    public bool IsComplete => _rows.All(row => row.Recount >= 0);

    /// <summary>Every row includes every event up to this.</summary>
    public long Sequence => _rows.Min(row => row.Sequence);

    /// <summary>Counts an event in the rows that do not include it yet.</summary>
    public void Add(in SessionEvent counted)
    {
        foreach (var row in _rows)
        {
            if (row.Sequence >= counted.Sequence) continue;
            row.Table.Add(0, counted.Item, counted.Weight, counted.OccurredAtMs);
            row.Sequence = counted.Sequence;
            HasChanged = true;
        }
    }

    /// <summary>States that the rows were counted at a revision and include every event up to a sequence.</summary>
    public void NoteCounted(long recount, long sequence)
    {
        foreach (var row in _rows) (row.Recount, row.Sequence) = (recount, sequence);
        HasChanged = true;
    }

    /// <summary>States that no event up to a sequence is missing.</summary>
    public void NoteSequence(long sequence)
    {
        foreach (var row in _rows) row.Sequence = Math.Max(row.Sequence, sequence);
    }

    /// <summary>The rows as they are written to the factor store.</summary>
    public IEnumerable<TransitionRowRecord> Save() => _rows.Select((row, scale) =>
        new TransitionRowRecord(TransitionRowRecord.RecentKey(scale), row.Recount, row.Sequence, row.Table.SaveRow(0)));

    public void NoteSaved() => HasChanged = false;

    /// <summary>Takes over a row of the factor store, unless the one here was counted later or includes as much.</summary>
    public void Load(in TransitionRowRecord record)
    {
        if (record.RecentScale >= _rows.Length) return;
        var row = _rows[record.RecentScale];
        if (record.Recount < row.Recount || (record.Recount == row.Recount && record.Sequence <= row.Sequence)) return;
        row.Table.LoadRow(0, record.Row.Span);
        (row.Recount, row.Sequence) = (record.Recount, record.Sequence);
    }

    private sealed class Row(long halfLifeMs)
    {
        public TransitionTable Table { get; } = new(new TransitionSettings { RowLength = RowLength, HalfLifeMs = halfLifeMs });

        public long Recount { get; set; } = -1;

        public long Sequence { get; set; }
    }
}
