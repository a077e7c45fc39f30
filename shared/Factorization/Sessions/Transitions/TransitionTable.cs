namespace Recommender.Factorization.Sessions.Transitions;

/// <summary>
/// Which items follow which, as decayed counts in bounded rows, updated one addition at a time. Rules:
/// <list type="bullet">
/// <item>An addition counts once per call. The caller ensures that an event is added once however often it is delivered.</item>
/// <item>Decay is relative to the newest time that was ever added to the table, never to a clock.</item>
/// <item>While a row has evicted nothing, it is exact to float rounding in any order of additions and removals.</item>
/// <item>
/// A full row evicts its lightest entry (space-saving). An entry's weight is then what it has for certain: its true weight is not below,
/// and above by at most a little more than the weight of the heaviest evicted entry. An item outside the row is no heavier than that.
/// </item>
/// <item>After an eviction a removal is not exact. <see cref="Clear"/> the row and add what remains.</item>
/// </list>
/// Changes are for one thread at a time. Others may read meanwhile where rows change by <see cref="LoadRow"/> alone, which replaces a row
/// as a whole.
/// </summary>
public sealed class TransitionTable
{
    /// <summary>Items must be below this, so that an entry takes eight bytes.</summary>
    public const int ItemLimit = 1 << 24;

    private readonly double[] _positionWeights;
    private TransitionRow?[] _rows = [];
    private (long TimeMs, int Landmark, double Scale) _split = (long.MinValue, 0, 1);

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public TransitionTable(TransitionSettings settings)
    {
        settings.Validate();
        Settings = settings;
        _positionWeights = [.. Enumerable.Range(1, settings.HistoryLength).Select(k => Math.Pow(k, -settings.PositionPower))];
    }

    private TransitionTable(TransitionTable rows, TransitionSettings settings) : this(settings) =>
        (_rows, NewestMs, ItemCount) = (rows._rows, rows.NewestMs, rows.ItemCount);

    public TransitionSettings Settings { get; }

    /// <summary>The newest time that was added, in milliseconds; <see cref="long.MinValue"/> for an empty table.</summary>
    public long NewestMs { get; private set; } = long.MinValue;

    /// <summary>One more than the largest item with a row.</summary>
    public int ItemCount { get; private set; }

    /// <summary>Items with a row. Counted at each call.</summary>
    public int RowCount => _rows.Count(row => row is { Count: > 0 });

    /// <summary>Bytes of rows, entries and the array of rows. Summed at each call.</summary>
    public long Bytes => (_rows.Length * 8L) + _rows.Sum(r => (long)(r?.Bytes ?? 0));

    /// <summary>The same rows, scored by other settings. This table may still be read, but no longer changed.</summary>
    /// <exception cref="ArgumentException">A setting is out of range, or the half-life or the row length is another one.</exception>
    public TransitionTable WithScoring(TransitionSettings settings) =>
        settings.HalfLifeMs == Settings.HalfLifeMs && settings.RowLength == Settings.RowLength ? new(this, settings)
        : throw new ArgumentException("Rows of another half-life or length must be counted again.", nameof(settings));

    /// <summary>Counts that <paramref name="toItem"/> followed <paramref name="fromItem"/>.</summary>
    /// <param name="toItem">Below <see cref="ItemLimit"/>.</param>
    /// <param name="weight">Finite and above 0.</param>
    /// <param name="timeMs">When it followed, in milliseconds since 1970. Times may arrive in any order.</param>
    public void Add(int fromItem, int toItem, float weight, long timeMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fromItem);
        ArgumentOutOfRangeException.ThrowIfNegative(toItem);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(toItem, ItemLimit);
        if (!(weight > 0) || float.IsInfinity(weight))
            throw new ArgumentOutOfRangeException(nameof(weight), weight, "A weight must be finite and above 0.");
        MakeRoom(fromItem);
        NewestMs = Math.Max(NewestMs, timeMs);
        var (landmark, scale) = Split(timeMs);
        (_rows[fromItem] ??= new TransitionRow()).Add(toItem, weight, landmark, scale, Settings.RowLength);
    }

    /// <summary>
    /// Takes back an <see cref="Add"/> with the same arguments. An entry below a millionth of its row's total is dropped, since it may be
    /// rounding.
    /// </summary>
    /// <returns>Whether the row is exact; otherwise clear it and add what remains.</returns>
    public bool Remove(int fromItem, int toItem, float weight, long timeMs)
    {
        if (RowOf(fromItem) is not { } row) return true;
        var (landmark, scale) = Split(timeMs);
        row.Remove(toItem, weight, landmark, scale);
        return !row.HasEvicted;
    }

    /// <summary>Forgets one row, for example before it is counted again.</summary>
    public void Clear(int item)
    {
        if (item < ItemCount) _rows[item] = null;
    }

    /// <summary>The row of an item in bytes, 24 and 8 for each entry. An item without a row has an empty one.</summary>
    public byte[] SaveRow(int item) => TransitionRow.Write(RowOf(item), NewestMs);

    /// <summary>Replaces the row of an item by a saved one, bit for bit. The half-life must be that of the table it was saved
    /// from.</summary>
    /// <exception cref="InvalidDataException">Not a row, cut short, or longer than the rows of this table.</exception>
    public void LoadRow(int item, ReadOnlySpan<byte> saved)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(item);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(item, ItemLimit);
        var row = TransitionRow.Read(saved, Settings.RowLength, out long newestMs);
        NewestMs = Math.Max(NewestMs, newestMs);
        if (row is null)
        {
            Clear(item);
            return;
        }

        MakeRoom(item);
        _rows[item] = row;
    }

    /// <summary>Whether an item has entries.</summary>
    public bool HasRow(int item) => RowOf(item) is { Count: > 0 };

    /// <summary>Whether the row of an item has ever evicted an entry since it was last cleared.</summary>
    public bool HasEvicted(int item) => RowOf(item)?.HasEvicted ?? false;

    /// <summary>The row of an item, heaviest first, ties by item, with weights as of <see cref="NewestMs"/>.</summary>
    public TransitionEntry[] Row(int item)
    {
        if (RowOf(item) is not { } row) return [];
        float scale = (float)ScaleOf(row);
        var entries = new TransitionEntry[row.Count];
        for (int e = 0; e < entries.Length; e++) entries[e] = row[e] with { Weight = row[e].Weight * scale };
        Array.Sort(entries, static (a, b) => a.Weight != b.Weight ? b.Weight.CompareTo(a.Weight) : a.Item.CompareTo(b.Item));
        return entries;
    }

    /// <summary>The weight of everything that followed an item, evicted entries included, as of <see cref="NewestMs"/>.</summary>
    public float TotalOf(int item) => RowOf(item) is { } row ? (float)(row.Total * ScaleOf(row)) : 0;

    /// <summary>
    /// Adds the score of each item that follows an item of the history to <paramref name="scores"/>; items beyond its length are skipped.
    /// Linear in the history: the score is the sum of what each history item alone would add at its position.
    /// </summary>
    /// <param name="history">Item indices, oldest first.</param>
    public void Score(ReadOnlySpan<int> history, Span<float> scores)
    {
        int length = Math.Min(history.Length, Settings.HistoryLength);
        for (int k = 0; k < length; k++) AddRow(history[^(k + 1)], k, scores);
    }

    /// <summary>Adds the part of the score that the history item at one position contributes.</summary>
    /// <param name="position">0: the newest item of the history.</param>
    /// <param name="weight">Multiplies the part.</param>
    public void AddRow(int item, int position, Span<float> scores, float weight = 1)
    {
        if (position >= Settings.HistoryLength || RowOf(item) is not { Count: > 0 } row) return;
        float factor = weight * FactorOf(row, position);
        for (int e = 0; e < row.Count; e++)
        {
            var entry = row[e];
            if (entry.Item < scores.Length) scores[entry.Item] += factor * entry.Weight;
        }
    }

    /// <summary>What the history item at one position adds to scores, item by item, in no order. Empty where it adds nothing.</summary>
    /// <param name="position">0: the newest item of the history.</param>
    public TransitionScores ScoresOf(int item, int position) =>
        position < Settings.HistoryLength && RowOf(item) is { Count: > 0 } row ? new(row, FactorOf(row, position)) : default;

    /// <summary>
    /// The sum of the scores that all items would have without evictions: <see cref="Score"/> divided by it gives shares. Costs one
    /// division per item of the history.
    /// </summary>
    public float SumOf(ReadOnlySpan<int> history)
    {
        int length = Math.Min(history.Length, Settings.HistoryLength);
        double sum = 0;
        for (int k = 0; k < length; k++)
            if (RowOf(history[^(k + 1)]) is { Count: > 0 } row) sum += FactorOf(row, k) * (double)row.Total;
        return (float)sum;
    }

    /// <summary>What the history item at one position adds to the score of <paramref name="target"/>.</summary>
    public float Contribution(int item, int position, int target)
    {
        if (position >= Settings.HistoryLength || RowOf(item) is not { Count: > 0 } row) return 0;
        return FactorOf(row, position) * row.WeightOf(target);
    }

    private void MakeRoom(int item)
    {
        if (item >= _rows.Length) Array.Resize(ref _rows, Math.Max(item + 1, _rows.Length + (_rows.Length / 2)));
        ItemCount = Math.Max(ItemCount, item + 1);
    }

    private float FactorOf(TransitionRow row, int position)
    {
        double scale = ScaleOf(row);
        if (Settings.Normalization > 0) scale /= Math.Pow((row.Total * scale) + Settings.Shrinkage, Settings.Normalization);
        scale *= _positionWeights[position];
        return double.IsFinite(scale) ? (float)scale : 0;
    }

    private TransitionRow? RowOf(int item) => (uint)item < (uint)ItemCount ? _rows[item] : null;

    private double ScaleOf(TransitionRow row) =>
        Settings.HalfLifeMs == 0 ? 1 : Math.Pow(2, row.Landmark - (NewestMs / (double)Settings.HalfLifeMs));

    /// <summary>A time as whole half-lives and 2^rest, a number in 1..2.</summary>
    private (int Landmark, double Scale) Split(long timeMs)
    {
        if (Settings.HalfLifeMs == 0) return (0, 1);
        // The pairs of an event mostly have one time.
        if (timeMs == _split.TimeMs) return (_split.Landmark, _split.Scale);
        double halfLives = timeMs / (double)Settings.HalfLifeMs;
        double whole = Math.Floor(halfLives);
        _split = (timeMs, (int)whole, Math.Pow(2, halfLives - whole));
        return (_split.Landmark, _split.Scale);
    }
}
