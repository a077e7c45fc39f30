using System.Runtime.Intrinsics.X86;
using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval;

/// <summary>
/// A mutable index: the rows of a model, and rows added later. Positions never change: 0 to model items − 1 are the model's rows; the
/// caller chooses the others, which may leave gaps that no search finds. Thread-safe: every search sees one consistent state, and every
/// search that starts after a change has returned sees the change.
/// </summary>
public sealed unsafe class ServingIndex : IItemIndex
{
    private readonly Lock _writing = new();
    private readonly Kernel _kernel;
    private volatile State _state;

    /// <param name="model">The initial rows.</param>
    public ServingIndex(IItemIndex model, Kernel? kernel = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _kernel = kernel ?? Kernel.Default;
        Rank = model.Rank;
        _state = new State(model, model.Count, null, [], [], 0, []);
    }

    /// <summary>One more than the highest position in use; gaps are included.</summary>
    public int Count => _state.Count;

    public int Rank { get; }

    /// <summary>Number of rows added since the index was built. Each search also scans them in float32.</summary>
    public int AppendedRows => _state.Rows;

    /// <summary>Whether a rebuild saves search time: more than 1 in 32 rows, and more than 1,024, were added.</summary>
    public bool WantsRebuild
    {
        get
        {
            State state = _state;
            return state.Rows > Math.Max(1024, state.Model.Count / 32);
        }
    }

    public string Description
    {
        get
        {
            State state = _state;
            return $"{state.Model.Description}; {state.Rows} appended rows";
        }
    }

    /// <summary>Adds an item at the end.</summary>
    /// <param name="factor"><see cref="Rank"/> numbers; copied.</param>
    /// <returns>Its position.</returns>
    public int Append(ReadOnlySpan<float> factor)
    {
        CheckFactor(factor);
        lock (_writing)
        {
            int item = _state.Count;
            PutLocked(item, factor);
            return item;
        }
    }

    /// <summary>Sets or replaces the factor of an item. Skipped positions have no factor until it is set.</summary>
    /// <param name="factor"><see cref="Rank"/> numbers; copied.</param>
    public void Put(int item, ReadOnlySpan<float> factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(item);
        CheckFactor(factor);
        lock (_writing) PutLocked(item, factor);
    }

    /// <summary>Whether the position has a factor.</summary>
    public bool HasFactor(int item) => _state.HasFactor(item);

    public int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results)
    {
        State state = _state;
        CheckQuery(state, query, k, results);
        int wanted = Math.Min(k, state.Count);
        int found = state.Model.Search(query, Math.Min(wanted, state.Model.Count),
            new SearchScope(scope.Allowed, scope.Excluded, state.Hidden), results[..wanted]);
        return AddRows(state, query, scope, results[..wanted], found);
    }

    /// <summary>Computes the scores of given items.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A position is not in the index, or has no factor.</exception>
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

    /// <summary>Computes the scores of those of the given items that have a factor; the others' are 0.</summary>
    /// <param name="query"><see cref="Rank"/> numbers.</param>
    /// <param name="items">Positions, in any order.</param>
    /// <param name="scores">At least as long as <paramref name="items"/>.</param>
    public void ScoreKnown(ReadOnlySpan<float> query, ReadOnlySpan<int> items, Span<float> scores)
    {
        // Rows anywhere in memory: the next ones are on their way while one is read.
        const int Ahead = 8, LineBytes = 64;
        State state = _state;
        // The rows of a model are consecutive.
        fixed (float* q = query, rows = state.Model.Count > 0 ? state.Model.Factor(0) : [])
        {
            for (int i = -Ahead; i < items.Length; i++)
            {
                if (i + Ahead < items.Length && Sse.IsSupported && state.IsLearned(items[i + Ahead]))
                {
                    byte* next = (byte*)(rows + ((long)items[i + Ahead] * Rank));
                    for (int at = 0; at < Rank * sizeof(float); at += LineBytes) Sse.Prefetch0(next + at);
                }

                if (i < 0) continue;
                int item = items[i];
                scores[i] = state.IsLearned(item) ? _kernel.Dot(q, rows + ((long)item * Rank), Rank)
                    : state.RowOf.TryGetValue(item, out int row) ? _kernel.Dot(query, state.Row(row, Rank)) : 0;
            }
        }
    }

    /// <summary>The current factor of an item.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is not in the index, or has no factor.</exception>
    public ReadOnlySpan<float> Factor(int item)
    {
        State state = _state;
        CheckItem(state, item);
        return state.Factor(item);
    }

    /// <summary>
    /// Builds a new index over all current rows, which then replaces the model's index and the added rows. Searches and changes continue
    /// during the build, and positions do not change. Call it in the background, from one thread at a time.
    /// </summary>
    /// <param name="build">Builds an index over positions × rank, row-major, e.g. <see cref="ItemIndexes.Create"/>.</param>
    public void Rebuild(Func<ReadOnlyMemory<float>, int, IItemIndex> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        State before = _state;
        var factors = new float[(long)before.Count * Rank];
        ItemSet? gaps = null;
        for (int item = 0; item < before.Count; item++)
        {
            if (before.HasFactor(item)) before.Factor(item).CopyTo(factors.AsSpan(item * Rank, Rank));
            else (gaps ??= new ItemSet(before.Count)).Add(item);
        }

        IItemIndex model = build(factors, Rank);
        if (model.Count != before.Count || model.Rank != Rank)
            throw new InvalidOperationException($"The index built has {model.Count} × {model.Rank}, not {before.Count} × {Rank}.");
        lock (_writing)
        {
            // Rows added during the build are applied again.
            State now = _state;
            State state = new(model, model.Count, gaps, [], [], 0, []);
            for (int row = before.Rows; row < now.Rows; row++)
            {
                int item = now.Items[row];
                if (item >= 0) state = WithRow(state, item, now.Row(row, Rank));
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
                if (score >= top.Threshold && scope.Allows(item)) top.Add(item, score);
            }
        }

        return top.Finish();
    }

    private void PutLocked(int item, ReadOnlySpan<float> factor) => _state = WithRow(_state, item, factor);

    /// <summary>A state with one more row, which is then the current row of its item.</summary>
    private State WithRow(State state, int item, ReadOnlySpan<float> factor)
    {
        ItemSet? hidden = state.Hidden;
        if (item < state.Model.Count && !(hidden?.Contains(item) ?? false))
        {
            hidden = hidden?.Copy() ?? new ItemSet(state.Model.Count);
            hidden.Add(item);
        }

        // No state reads rows beyond its own count, so states share the arrays until they are full.
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
        return state with
        {
            Count = Math.Max(state.Count, item + 1),
            Hidden = hidden,
            Factors = factors,
            Items = items,
            Rows = state.Rows + 1,
            RowOf = rowOf.SetItem(item, state.Rows)
        };
    }

    private static void CheckQuery(State state, ReadOnlySpan<float> query, int k, Span<ScoredItem> results)
    {
        if (query.Length != state.Model.Rank)
            throw new ArgumentException($"The query has {query.Length} numbers; the index has rank {state.Model.Rank}.", nameof(query));
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        if (results.Length < Math.Min(k, state.Count))
            throw new ArgumentException($"Results hold {results.Length} items; {Math.Min(k, state.Count)} are wanted.", nameof(results));
    }

    private void CheckFactor(ReadOnlySpan<float> factor)
    {
        if (factor.Length != Rank) throw new ArgumentException($"The factor has {factor.Length} numbers; the index has rank {Rank}.",
            nameof(factor));
    }

    private static void CheckItem(State state, int item)
    {
        CheckPosition(state, item);
        if (!state.HasFactor(item)) throw new ArgumentOutOfRangeException(nameof(item), item, "The position has no factor.");
    }

    private static void CheckPosition(State state, int item)
    {
        if ((uint)item >= (uint)state.Count) throw new ArgumentOutOfRangeException(nameof(item),
            item, $"The index holds positions 0 to {state.Count - 1}.");
    }

    /// <summary>Everything a search reads, in one immutable object.</summary>
    /// <param name="Model">Positions 0 to Model.Count − 1.</param>
    /// <param name="Hidden">Positions that the model's index must not return: replaced, or without a factor.</param>
    /// <param name="Factors">Added rows × rank, row-major.</param>
    /// <param name="Items">Position of each added row; −1 if a later row replaces it.</param>
    /// <param name="RowOf">The current added row of a position.</param>
    private sealed record State(IItemIndex Model, int Count, ItemSet? Hidden, float[] Factors, int[] Items, int Rows,
        System.Collections.Immutable.ImmutableDictionary<int, int> RowOf)
    {
        public ReadOnlySpan<float> Row(int row, int rank) => Factors.AsSpan(row * rank, rank);

        public ReadOnlySpan<float> Factor(int item) =>
            IsLearned(item) ? Model.Factor(item) : Row(RowOf[item], Model.Rank);

        public bool HasFactor(int item) => IsLearned(item) || RowOf.ContainsKey(item);

        /// <summary>Whether the factor of the position is the model's row.</summary>
        public bool IsLearned(int item) => (uint)item < (uint)Model.Count && !(Hidden?.Contains(item) ?? false);
    }
}
