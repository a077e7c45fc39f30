namespace Recommender.Retrieval;

/// <summary>
/// An index that changes while it is searched: a model's rows, rows appended or replaced since, and removed items. Positions never
/// change: 0 to model items − 1 are the model's rows, each appended item gets the next. Any number of threads may search while others
/// change it; every search sees one state, and every search that starts after a change has returned sees the change.
/// </summary>
public sealed unsafe class ServingIndex : IItemIndex
{
    private readonly Lock _writing = new();
    private readonly Kernel _kernel;
    private volatile State _state;

    /// <param name="model">The rows to start from.</param>
    public ServingIndex(IItemIndex model, Kernel? kernel = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _kernel = kernel ?? Kernel.Default;
        Rank = model.Rank;
        _state = new State(model, model.Count, null, [], [], 0, []);
    }

    /// <summary>Positions given out so far, removed items included.</summary>
    public int Count => _state.Count;

    public int Rank { get; }

    /// <summary>Rows that are scanned beside the model's index: appended and replaced ones. Many of them call for <see cref="Rebuild"/>.</summary>
    public int AppendedRows => _state.Rows;

    public string Description
    {
        get
        {
            State state = _state;
            return $"{state.Model.Description}; {state.Rows} appended rows, {state.Removed?.Count ?? 0} removed items";
        }
    }

    /// <summary>Adds an item.</summary>
    /// <param name="factor"><see cref="Rank"/> numbers; copied.</param>
    /// <returns>Its position.</returns>
    public int Append(ReadOnlySpan<float> factor)
    {
        CheckFactor(factor);
        lock (_writing)
        {
            State state = _state;
            _state = WithRow(state, state.Count, factor, state.Hidden, state.Count + 1);
            return state.Count;
        }
    }

    /// <summary>Gives an item a new factor. A removed item stays removed.</summary>
    public void Replace(int item, ReadOnlySpan<float> factor)
    {
        CheckFactor(factor);
        lock (_writing)
        {
            State state = _state;
            CheckItem(state, item);
            ItemSet? hidden = state.Hidden;
            if (item < state.Model.Count)
            {
                hidden = hidden?.Copy() ?? new ItemSet(state.Model.Count);
                hidden.Add(item);
            }

            _state = WithRow(state, item, factor, hidden, state.Count);
        }
    }

    /// <summary>Takes items out of every search from now on. Removing one again does nothing.</summary>
    public void Remove(params ReadOnlySpan<int> items) => Change(items, removed: true);

    /// <summary>Brings removed items back with the factor they have.</summary>
    public void Restore(params ReadOnlySpan<int> items) => Change(items, removed: false);

    public bool IsRemoved(int item) => _state.Removed?.Contains(item) ?? false;

    public int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results)
    {
        State state = _state;
        CheckQuery(state, query, k, results);
        int wanted = Math.Min(k, state.Count);
        int found = state.Model.Search(query, Math.Min(wanted, state.Model.Count), new SearchScope(scope.Allowed, scope.Excluded, state.Hidden), results[..wanted]);
        return AddRows(state, query, scope, results[..wanted], found);
    }

    public void SearchMany(ReadOnlySpan<float> queries, int k, in BatchScope scope, Span<ScoredItem> results, Span<int> counts)
    {
        State state = _state;
        Arguments.CheckSearchMany(this, queries, k, results, counts);
        state.Model.SearchMany(queries, k, new BatchScope(scope.Allowed, scope.Excluded, scope.ExcludedStarts) { Hidden = state.Hidden }, results, counts);
        if (state.Rows == 0) return;
        for (int q = 0; q < counts.Length; q++) counts[q] = AddRows(state, queries.Slice(q * Rank, Rank), scope.Of(q), results.Slice(q * k, k), counts[q]);
    }

    /// <summary>The scores of given items, removed ones included.</summary>
    public void Score(ReadOnlySpan<float> query, ReadOnlySpan<int> items, Span<float> scores)
    {
        State state = _state;
        Arguments.CheckScore(this, query, items, scores);
        for (int i = 0; i < items.Length; i++)
        {
            CheckItem(state, items[i]);
            scores[i] = _kernel.Dot(query, state.Factor(items[i]));
        }
    }

    /// <summary>The factor an item has now, removed items included.</summary>
    public ReadOnlySpan<float> Factor(int item)
    {
        State state = _state;
        CheckItem(state, item);
        return state.Factor(item);
    }

    /// <summary>
    /// Builds a new index over all rows as they are now, and then puts it in the place of the model's index and the rows appended until
    /// now. Searches and changes go on meanwhile. Positions stay. To be called in the background, by one thread at a time.
    /// </summary>
    /// <param name="build">Builds an index over positions × rank, row-major, e.g. <see cref="ItemIndexes.Create"/>.</param>
    public void Rebuild(Func<ReadOnlyMemory<float>, int, IItemIndex> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        State before = _state;
        var factors = new float[(long)before.Count * Rank];
        for (int item = 0; item < before.Count; item++) before.Factor(item).CopyTo(factors.AsSpan(item * Rank, Rank));
        IItemIndex model = build(factors, Rank);
        if (model.Count != before.Count || model.Rank != Rank) throw new InvalidOperationException($"The index built has {model.Count} × {model.Rank}, not {before.Count} × {Rank}.");
        lock (_writing)
        {
            // What changed while building is replayed on top: the rows from then on, and the removals as they are now.
            State now = _state;
            State state = new(model, model.Count, now.Removed, [], [], 0, []) { Removed = now.Removed };
            for (int row = before.Rows; row < now.Rows; row++)
            {
                int item = now.Items[row];
                if (item < 0) continue;
                ItemSet? hidden = state.Hidden;
                if (item < model.Count)
                {
                    hidden = hidden?.Copy() ?? new ItemSet(model.Count);
                    hidden.Add(item);
                }

                state = WithRow(state, item, now.Row(row, Rank), hidden, Math.Max(state.Count, item + 1));
            }

            _state = state;
        }
    }

    private int AddRows(State state, ReadOnlySpan<float> query, in SearchScope scope, Span<ScoredItem> results, int found)
    {
        if (state.Rows == 0 || results.IsEmpty) return found;
        TopK top = TopK.Continue(results, found);
        fixed (float* q = query, rows = state.Factors)
        {
            for (int row = 0; row < state.Rows; row++)
            {
                int item = state.Items[row];
                if (item < 0) continue;
                float score = _kernel.Dot(q, rows + ((long)row * Rank), Rank);
                if (score >= top.Threshold && scope.Allows(item) && !(state.Removed?.Contains(item) ?? false)) top.Add(item, score);
            }
        }

        return top.Finish();
    }

    /// <summary>A state with one more row, which from then on is the one that counts for its item.</summary>
    private State WithRow(State state, int item, ReadOnlySpan<float> factor, ItemSet? hidden, int count)
    {
        // Rows beyond state.Rows are read by nobody yet, so the arrays are shared between states until they are full.
        float[] factors = state.Factors;
        if ((state.Rows + 1) * Rank > factors.Length) Array.Resize(ref factors, Math.Max(16 * Rank, factors.Length * 2));
        factor.CopyTo(factors.AsSpan(state.Rows * Rank));
        int[] items = state.Items;
        var rowOf = state.RowOf;
        bool replaces = rowOf.TryGetValue(item, out int old);
        if (replaces) items = (int[])items.Clone();
        if (state.Rows == items.Length) Array.Resize(ref items, Math.Max(16, items.Length * 2));
        if (replaces) items[old] = -1;
        items[state.Rows] = item;
        return new State(state.Model, count, hidden, factors, items, state.Rows + 1, rowOf.SetItem(item, state.Rows)) { Removed = state.Removed };
    }

    private void Change(ReadOnlySpan<int> items, bool removed)
    {
        if (items.IsEmpty) return;
        lock (_writing)
        {
            State state = _state;
            foreach (int item in items) CheckItem(state, item);
            ItemSet newRemoved = state.Removed?.Copy(state.Count) ?? new ItemSet(state.Count);
            ItemSet hidden = state.Hidden?.Copy() ?? new ItemSet(state.Model.Count);
            foreach (int item in items)
            {
                if (removed) newRemoved.Add(item);
                else newRemoved.Remove(item);
                if (item >= state.Model.Count) continue;
                if (removed || state.RowOf.ContainsKey(item)) hidden.Add(item);
                else hidden.Remove(item);
            }

            _state = new State(state.Model, state.Count, hidden, state.Factors, state.Items, state.Rows, state.RowOf) { Removed = newRemoved };
        }
    }

    private static void CheckQuery(State state, ReadOnlySpan<float> query, int k, Span<ScoredItem> results)
    {
        if (query.Length != state.Model.Rank) throw new ArgumentException($"The query has {query.Length} numbers; the index has rank {state.Model.Rank}.", nameof(query));
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        if (results.Length < Math.Min(k, state.Count)) throw new ArgumentException($"Results hold {results.Length} items; {Math.Min(k, state.Count)} are wanted.", nameof(results));
    }

    private void CheckFactor(ReadOnlySpan<float> factor)
    {
        if (factor.Length != Rank) throw new ArgumentException($"The factor has {factor.Length} numbers; the index has rank {Rank}.", nameof(factor));
    }

    private static void CheckItem(State state, int item)
    {
        if ((uint)item >= (uint)state.Count) throw new ArgumentOutOfRangeException(nameof(item), item, $"The index holds positions 0 to {state.Count - 1}.");
    }

    /// <summary>Everything a search reads, in one immutable object.</summary>
    /// <param name="Model">Positions 0 to Model.Count − 1.</param>
    /// <param name="Hidden">Positions of the model's that its index must not return: removed or replaced.</param>
    /// <param name="Factors">Appended rows × rank.</param>
    /// <param name="Items">The position each appended row stands for; −1 where a later row does.</param>
    /// <param name="RowOf">The appended row that counts for a position.</param>
    private sealed record State(IItemIndex Model, int Count, ItemSet? Hidden, float[] Factors, int[] Items, int Rows, System.Collections.Immutable.ImmutableDictionary<int, int> RowOf)
    {
        public ItemSet? Removed { get; init; }

        public ReadOnlySpan<float> Row(int row, int rank) => Factors.AsSpan(row * rank, rank);

        public ReadOnlySpan<float> Factor(int item) => RowOf.TryGetValue(item, out int row) ? Row(row, Model.Rank) : Model.Factor(item);
    }
}
