namespace Recommender.FactorStore.Transitions;

/// <summary>The transition rows of <see cref="InProcessFactorStore"/>. Safe for concurrent use.</summary>
internal sealed class InProcessTransitions
{
    private readonly Lock _changing = new();
    private readonly Dictionary<int, Entry> _rows = [];

    /// <summary>Positions in ascending order. Of an item's positions only the newest holds.</summary>
    private readonly List<(long Position, int ItemKey)> _feed = [];
    private TransitionWatermark? _watermark;
    private (long Number, byte[] Bytes)? _mix;
    private long _position;
    private Action? _changed;

    public TransitionWatermark? Watermark
    {
        get
        {
            using var scope = _changing.EnterScope();
            return _watermark;
        }
    }

    public TransitionWrite Put(IReadOnlyList<TransitionRowRecord> rows, TransitionWatermark? watermark)
    {
        using var scope = _changing.EnterScope();
        if (watermark is not null && watermark.Generation != _watermark?.Generation) return new(IsCurrent: false, []);
        List<int>? recounted = null;
        bool hasOvertaken = false;
        foreach (var row in rows)
        {
            if (_rows.TryGetValue(row.ItemKey, out var current))
            {
                if (row.Recount < current.Record.Recount) (recounted ??= []).Add(row.ItemKey);
                if (row.Recount < current.Record.Recount
                    || (row.Recount == current.Record.Recount && row.Sequence < current.Record.Sequence)
                    || (row.Recount == current.Record.Recount && row.Sequence == current.Record.Sequence
                        && row.Row.Span.SequenceEqual(current.Record.Row.Span))) continue;
                hasOvertaken |= row.Sequence < current.Record.Sequence;
            }

            _rows[row.ItemKey] = new Entry(row, ++_position);
            _feed.Add((_position, row.ItemKey));
        }

        if (_feed.Count > (2 * _rows.Count) + 1024) _feed.RemoveAll(at => _rows[at.ItemKey].Position != at.Position);
        if (watermark is not null && recounted is null && watermark.Sequence > _watermark!.Sequence) _watermark = watermark;
        _changed?.Invoke();
        return new(IsCurrent: true, recounted is null ? [] : recounted, hasOvertaken);
    }

    public TransitionWatermark Complete(TransitionWatermark watermark, string? replaced)
    {
        using var scope = _changing.EnterScope();
        if (_watermark is null || _watermark.Generation == replaced) _watermark = watermark;
        _changed?.Invoke();
        return _watermark;
    }

    public void PutMix(long number, byte[] mix)
    {
        using var scope = _changing.EnterScope();
        if (_mix is { } current && current.Number > number) return;
        _mix = (number, mix);
        _changed?.Invoke();
    }

    public void Watch(Action changed)
    {
        using var scope = _changing.EnterScope();
        _changed += changed;
    }

    public void Unwatch(Action changed)
    {
        using var scope = _changing.EnterScope();
        _changed -= changed;
    }

    public void Clear()
    {
        using var scope = _changing.EnterScope();
        _rows.Clear();
        _feed.Clear();
        _watermark = null;
        _mix = null;
    }

    public List<TransitionRowRecord> Read(IReadOnlyCollection<int> itemKeys)
    {
        using var scope = _changing.EnterScope();
        var found = new List<TransitionRowRecord>(itemKeys.Count);
        foreach (int key in itemKeys)
            if (_rows.TryGetValue(key, out var entry)) found.Add(entry.Record);
        return found;
    }

    public TransitionChanges ReadChanges(long afterPosition, int limit)
    {
        using var scope = _changing.EnterScope();
        var rows = new List<TransitionRowRecord>();
        int at = _feed.BinarySearch((afterPosition, int.MaxValue));
        for (at = at < 0 ? ~at : at + 1; at < _feed.Count; at++)
        {
            var entry = _rows[_feed[at].ItemKey];
            if (entry.Position != _feed[at].Position) continue;
            if (rows.Count == limit) break;
            rows.Add(entry.Record);
            afterPosition = entry.Position;
        }

        bool more = at < _feed.Count;
        return new()
        {
            Generation = _watermark?.Generation,
            Rows = rows,
            Position = more ? afterPosition : _position,
            More = more,
            Mix = _mix?.Bytes,
        };
    }

    private sealed record Entry(TransitionRowRecord Record, long Position);
}
