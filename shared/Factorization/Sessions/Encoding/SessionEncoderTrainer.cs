using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Recommender.Factorization.Algebra;

namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>
/// Trains a <see cref="SessionEncoder"/>: softmax over the items of a batch and sampled negatives. The softmax over all items is estimated
/// by dividing the term of each candidate by the probability that it is a candidate (Horvitz and Thompson), which is 1 for the own items.
/// Batches are steps in a fixed order. Within a step all work is divided into chunks of fixed size that write to separate places.
/// </summary>
internal sealed unsafe class SessionEncoderTrainer : IDisposable
{
    private const int RowChunk = 16, SlotChunk = 64, RoundsPerCancellationCheck = 16;

    private readonly SessionEncoderSettings _settings;
    private readonly SessionData _data;
    private readonly int _rank;
    private readonly (int Session, int Target)[] _pairs;
    private readonly float[]? _weights;
    private readonly WorkTeam _team;
    private readonly AliasTable _negatives;
    private readonly float[] _logInclusion;
    // Item vectors, and position weights before repeat scores, each followed by both moments of Adam.
    private readonly float[][] _vectors;
    private readonly float[][] _positions;
    private readonly int _parameters;

    // Every item of a batch has a slot: targets, negatives and items of histories. All are candidates of every row.
    private readonly int[] _slotOf;
    private readonly int[] _slotItems;
    private readonly int[] _uses;
    private readonly int[] _useStarts;
    private int _slots;

    private readonly int _rowLimit;
    private readonly int _ld;
    private readonly int[] _batch;
    private readonly int[] _targetSlots;
    private readonly float[] _encoded;
    private readonly float[] _norms;
    private readonly float[] _gradients;
    private readonly float[] _masks;
    private readonly float[] _directions;
    private readonly float[] _directionNorms;
    private readonly float[] _panels;
    private readonly float[] _offsets;
    private readonly float[] _logits;
    private readonly float[] _slotGradients;
    private readonly float[] _positionGradients;
    private readonly float[] _positionGradient;
    private readonly double[] _losses;
    private int _rows;
    private long _step;

    public SessionEncoderTrainer(SessionData data, SessionEncoderSettings settings, SessionTrainOptions options)
    {
        (_data, _settings, _rank) = (data, settings, settings.Rank);
        _pairs = ListPairs(data);
        if (_pairs.Length == 0) throw new ArgumentException("There is nothing to learn from: no session has two items.", nameof(data));
        _weights = WeighSessions(data.Count, settings.HalfLife);
        _rowLimit = (Math.Min(settings.BatchSize, _pairs.Length) + RowChunk - 1) / RowChunk * RowChunk;
        int slotLimit = (int)Math.Min(data.ItemCount, settings.Negatives + (long)_rowLimit * (settings.HistoryLength + 1));
        _ld = (slotLimit + SlotChunk - 1) / SlotChunk * SlotChunk;
        (_slotOf, _slotItems) = (new int[data.ItemCount], new int[slotLimit]);
        _parameters = Tile.Padded(settings.HistoryLength * (_rank + 1));
        Array.Fill(_slotOf, -1);
        (_uses, _useStarts) = (new int[_rowLimit * settings.HistoryLength], new int[slotLimit + 1]);
        (_batch, _targetSlots) = (new int[_rowLimit], new int[_rowLimit]);
        (_encoded, _gradients, _masks) = (Pinned(_rowLimit * _rank), Pinned(_rowLimit * _rank), Pinned(_rowLimit * _rank));
        (_norms, _losses) = (new float[_rowLimit], new double[_rowLimit]);
        (_directions, _panels) = (Pinned(_ld * _rank), Pinned(_ld * _rank));
        (_directionNorms, _offsets) = (new float[_ld], Pinned(_ld));
        _logits = Pinned((long)_rowLimit * _ld);
        _slotGradients = Pinned((long)_ld * _rank);
        _positionGradients = Pinned((long)_rowLimit / RowChunk * _parameters);
        _positionGradient = Pinned(_parameters);

        (_negatives, _logInclusion) = CountNegatives();
        if (options.Resume is { } resume)
        {
            (_vectors, _positions) = ([.. resume.Vectors.Select(PinnedCopy)], [.. resume.Positions.Select(PinnedCopy)]);
            CompletedEpochs = resume.Epoch;
        }
        else
        {
            (_vectors, _positions) = (StartVectors(), StartPositions());
        }

        _step = (long)CompletedEpochs * StepsPerEpoch;
        _team = new WorkTeam(Math.Max(options.Threads, 1));
    }

    public int CompletedEpochs { get; private set; }

    public int StepsPerEpoch => (_pairs.Length + _settings.BatchSize - 1) / _settings.BatchSize;

    public int PairCount => _pairs.Length;

    public float[] Vectors => _vectors[0];

    public float[] Positions => _positions[0];

    public SessionEncoder ToModel() =>
        new(_settings, (float[])_vectors[0].Clone(), _positions[0][..(_settings.HistoryLength * (_rank + 1))]);

    public SessionEncoderCheckpoint ToCheckpoint() =>
        new(CompletedEpochs, [.. _vectors.Select(v => (float[])v.Clone())], [.. _positions.Select(p => (float[])p.Clone())]);

    /// <summary>One pass over all pairs in an order of its own.</summary>
    /// <returns>The mean loss.</returns>
    public double RunEpoch(CancellationToken cancellation)
    {
        var order = ShufflePairs(CompletedEpochs);
        double loss = 0;
        long steps = (long)StepsPerEpoch * _settings.Epochs;
        for (int from = 0; from < order.Length; from += _settings.BatchSize)
        {
            if (_step % RoundsPerCancellationCheck == 0) cancellation.ThrowIfCancellationRequested();
            loss += Differentiate(order.AsSpan(from, Math.Min(_settings.BatchSize, order.Length - from)), _step);
            Apply(new AdamStep(_settings.LearningRate * (1 - _step / (double)steps), _step + 1));
            _step++;
        }

        CompletedEpochs++;
        return loss / order.Length;
    }

    /// <summary>Computes the gradients of the mean loss of a batch without changing the parameters.</summary>
    /// <returns>The sum of the pairs' losses.</returns>
    public double Differentiate(ReadOnlySpan<int> batch, long step)
    {
        batch.CopyTo(_batch);
        _rows = batch.Length;
        AssignSlots(step);
        int slotChunks = (_slots + SlotChunk - 1) / SlotChunk, rowChunks = (_rows + RowChunk - 1) / RowChunk;
        _team.Run(slotChunks + rowChunks, c =>
        {
            if (c < slotChunks) PrepareCandidates(c * SlotChunk);
            else EncodeRows((c - slotChunks) * RowChunk, step);
        });
        _team.Run(rowChunks, c => DifferentiateRows(c, rowChunks));
        _team.Run(slotChunks, c => DifferentiateSlots(c * SlotChunk, rowChunks * RowChunk));
        ReducePositions(rowChunks);
        double loss = 0;
        for (int b = 0; b < _rows; b++) loss += _losses[b];
        return loss;
    }

    /// <summary>
    /// The gradient of one item's vector after <see cref="Differentiate"/>; empty where the batch does not touch the item.
    /// </summary>
    internal ReadOnlySpan<float> GradientOf(int item)
    {
        int slot = Array.IndexOf(_slotItems, item, 0, _slots);
        return slot < 0 ? [] : _slotGradients.AsSpan(slot * _rank, _rank);
    }

    /// <summary>The gradient of the position weights after <see cref="Differentiate"/>.</summary>
    internal ReadOnlySpan<float> PositionGradient => _positionGradient;

    /// <summary>The loss of one row of the batch after <see cref="Differentiate"/>.</summary>
    internal double LossOf(int row) => _losses[row];

    /// <summary>The item that a pair asks for.</summary>
    internal int TargetOf(int pair) => _data[_pairs[pair].Session][_pairs[pair].Target];

    /// <summary>The newest items before the target of a pair, oldest first.</summary>
    internal ReadOnlySpan<int> HistoryOf(int pair)
    {
        var (session, target) = _pairs[pair];
        int length = Math.Min(target, _settings.HistoryLength);
        return _data[session].Slice(target - length, length);
    }

    public void Dispose() => _team.Dispose();

    private void Apply(AdamStep adam)
    {
        _team.Run((_slots + SlotChunk - 1) / SlotChunk, c =>
        {
            fixed (float* g = _slotGradients, x = _vectors[0], m = _vectors[1], v = _vectors[2])
            {
                int end = Math.Min(_slots, (c + 1) * SlotChunk);
                for (int slot = c * SlotChunk; slot < end; slot++)
                {
                    nint at = (nint)_slotItems[slot] * _rank;
                    adam.Apply(g + (nint)slot * _rank, x + at, m + at, v + at, _rank);
                }
            }
        });
        fixed (float* g = _positionGradient, x = _positions[0], m = _positions[1], v = _positions[2])
            adam.Apply(g, x, m, v, _positionGradient.Length);
    }

    /// <summary>Draws negatives and gives every item of the batch a slot; counts which rows use which slot at which position.</summary>
    private void AssignSlots(long step)
    {
        for (int slot = 0; slot < _slots; slot++) _slotOf[_slotItems[slot]] = -1;
        _slots = 0;
        for (int b = 0; b < _rows; b++) _targetSlots[b] = SlotOf(TargetOf(_batch[b]));
        var random = SplitMix.For(_settings.Seed, 1, step);
        for (int n = 0; n < _settings.Negatives; n++) SlotOf(_negatives.Draw(ref random));
        for (int b = 0; b < _rows; b++)
        {
            var history = History(b);
            for (int k = 0; k < history.Length; k++) SlotOf(history[^(k + 1)]);
        }

        var starts = _useStarts.AsSpan(0, _slots + 1);
        starts.Clear();
        for (int b = 0; b < _rows; b++)
            foreach (int item in History(b)) starts[_slotOf[item]]++;
        int end = 0;
        for (int slot = 0; slot <= _slots; slot++) starts[slot] = end += starts[slot];
        // Filled from behind, so that each slot's uses are in the order of rows.
        for (int b = _rows - 1; b >= 0; b--)
        {
            var history = History(b);
            for (int k = history.Length - 1; k >= 0; k--) _uses[--starts[_slotOf[history[^(k + 1)]]]] = b * _settings.HistoryLength + k;
        }

        int SlotOf(int item)
        {
            ref int slot = ref _slotOf[item];
            if (slot >= 0) return slot;
            slot = _slots++;
            _slotItems[slot] = item;
            return slot;
        }
    }

    private void PrepareCandidates(int from)
    {
        fixed (float* vectors = _vectors[0], directions = _directions, panels = _panels)
        {
            for (int slot = from; slot < from + SlotChunk; slot++)
            {
                float* direction = directions + (nint)slot * _rank;
                if (slot >= _slots)
                {
                    new Span<float>(direction, _rank).Clear();
                    (_offsets[slot], _directionNorms[slot]) = (-1000, 1);
                    continue;
                }

                int item = _slotItems[slot];
                float* vector = vectors + (nint)item * _rank;
                float norm = MathF.Sqrt(Algebra.Vectors.Dot(vector, vector, _rank) + 1e-12f);
                float scale = 1 / norm;
                for (int p = 0; p < _rank; p++) direction[p] = scale * vector[p];
                // Cosines are at most 1, so exponents stay small after this shift.
                (_offsets[slot], _directionNorms[slot]) = (-_logInclusion[item] - (float)(1 / _settings.Temperature), norm);
            }

            Algebra.Vectors.ToPanels(directions + (nint)from * _rank, SlotChunk, _rank, _rank, panels + (nint)from * _rank);
        }
    }

    private void EncodeRows(int from, long step)
    {
        fixed (float* vectors = _vectors[0], positions = _positions[0], encoded = _encoded, masks = _masks)
        {
            for (int b = from; b < from + RowChunk; b++)
            {
                float* sum = encoded + (nint)b * _rank;
                new Span<float>(sum, _rank).Clear();
                if (b >= _rows) continue;
                var history = History(b);
                for (int k = 0; k < history.Length; k++)
                {
                    float* vector = vectors + (nint)history[^(k + 1)] * _rank;
                    float* weight = positions + (nint)k * _rank;
                    AddProduct(vector, weight, sum, _rank);
                }

                if (_settings.Dropout > 0)
                {
                    var random = SplitMix.For(_settings.Seed, 2, step * _settings.BatchSize + b);
                    float* mask = masks + (nint)b * _rank;
                    ulong limit = (ulong)(_settings.Dropout * 65536), bits = 0;
                    for (int p = 0; p < _rank; p++, bits >>= 16)
                    {
                        if (p % 4 == 0) bits = random.Next();
                        mask[p] = (bits & 0xFFFF) < limit ? 0 : 1;
                        sum[p] *= mask[p];
                    }
                }

                float norm = MathF.Sqrt(Algebra.Vectors.Dot(sum, sum, _rank) + 1e-12f);
                _norms[b] = norm;
                SoftmaxRow.Multiply(sum, 1 / norm, _rank);
            }
        }
    }

    /// <summary>Logits, their gradients, and from these the gradients of the rows' sums and of the position weights.</summary>
    private void DifferentiateRows(int chunk, int chunks)
    {
        int from = chunk * RowChunk;
        int padded = Tile.Padded(_slots);
        fixed (float* encoded = _encoded, panels = _panels, directions = _directions, logits = _logits, gradients = _gradients,
            masks = _masks,
            offsets = _offsets, vectors = _vectors[0], partial = _positionGradients)
        {
            for (int j = 0; j < padded; j += Tile.Columns)
                for (int i = from; i < from + RowChunk; i += Tile.Rows)
                    Tile.Run(encoded + (nint)i * _rank, _rank, 1, panels + (nint)j * _rank, Tile.Columns, _rank, logits + (nint)i * _ld
                        + j, _ld, TileStore.Set);

            for (int b = from; b < from + RowChunk; b++)
            {
                if (b < _rows) DifferentiateLogits(b, logits + (nint)b * _ld, offsets, padded);
                else new Span<float>(logits + (nint)b * _ld, padded).Clear();
            }

            for (int p = 0; p < _rank; p += Tile.Columns)
                for (int i = from; i < from + RowChunk; i += Tile.Rows)
                    Tile.Run(logits + (nint)i * _ld, _ld, 1, directions + p, _rank, padded, gradients + (nint)i * _rank + p, _rank,
                        TileStore.Set);

            float* positionGradient = partial + (nint)chunk * _parameters;
            float* repeatGradient = positionGradient + _settings.HistoryLength * _rank;
            new Span<float>(positionGradient, _parameters).Clear();
            int end = Math.Min(_rows, from + RowChunk);
            for (int b = from; b < end; b++)
            {
                float* gradient = gradients + (nint)b * _rank, row = encoded + (nint)b * _rank;
                float along = Algebra.Vectors.Dot(gradient, row, _rank);
                Algebra.Vectors.Add(-along, row, gradient, _rank);
                if (_settings.Dropout > 0) Algebra.Vectors.Multiply(1 / _norms[b], gradient, masks + (nint)b * _rank, gradient, _rank);
                else SoftmaxRow.Multiply(gradient, 1 / _norms[b], _rank);
                var history = History(b);
                for (int k = 0; k < history.Length; k++)
                {
                    int item = history[^(k + 1)];
                    AddProduct(gradient, vectors + (nint)item * _rank, positionGradient + (nint)k * _rank, _rank);
                    // Logits are cosines divided by the temperature.
                    repeatGradient[k] += (float)_settings.Temperature * logits[(nint)b * _ld + _slotOf[item]];
                }
            }
        }
    }

    /// <summary>Turns a row of cosines into the loss and its gradient with respect to them.</summary>
    private void DifferentiateLogits(int b, float* row, float* offsets, int padded)
    {
        // The own target and the own history are certain to be candidates, so their terms are not divided by a probability.
        var history = History(b);
        int target = _targetSlots[b];
        float scale = (float)(1 / _settings.Temperature);
        float own = scale * (row[target] - 1);
        Span<float> certain = stackalloc float[history.Length];
        Span<int> slots = stackalloc int[history.Length];
        for (int k = 0; k < history.Length; k++)
        {
            slots[k] = _slotOf[history[^(k + 1)]];
            certain[k] = scale * (row[slots[k]] - 1);
        }

        float all = SoftmaxRow.Exponentiate(row, scale, offsets, padded);
        ReplaceBy(target, own);
        for (int k = 0; k < history.Length; k++)
        {
            if (slots[..k].Contains(slots[k])) continue;
            // Targets that repeat where that is impossible are left to the data: they keep their term.
            if (_settings.Repeats) ReplaceBy(slots[k], certain[k] + RepeatScore(history, k));
            else if (slots[k] != target) ReplaceBy(slots[k], float.NegativeInfinity);
        }

        float weight = _weights is null ? 1 : _weights[_pairs[_batch[b]].Session];
        _losses[b] = weight * -Math.Log(Math.Max(row[target] / all, 1e-30f));
        SoftmaxRow.Multiply(row, weight * scale / (_rows * all), padded);
        row[target] -= weight * scale / _rows;

        void ReplaceBy(int slot, float logit)
        {
            float term = MathF.Exp(logit);
            all += term - row[slot];
            row[slot] = term;
        }
    }

    /// <summary>The sum of the repeat scores of all positions of the item at one of them.</summary>
    private float RepeatScore(ReadOnlySpan<int> history, int position)
    {
        var repeats = _positions[0].AsSpan(_settings.HistoryLength * _rank);
        float sum = 0;
        for (int k = 0; k < history.Length; k++)
            if (history[^(k + 1)] == history[^(position + 1)]) sum += repeats[k];
        return sum;
    }

    private void DifferentiateSlots(int from, int rows)
    {
        int end = Math.Min(_slots, from + SlotChunk);
        fixed (float* encoded = _encoded, logits = _logits, directions = _directions, gradients = _gradients,
            slotGradients = _slotGradients, positions = _positions[0])
        {
            for (int j = from; j < end; j += Tile.Rows)
                for (int p = 0; p < _rank; p += Tile.Columns)
                    Tile.Run(logits + j, 1, _ld, encoded + p, _rank, rows, slotGradients + (nint)j * _rank + p, _rank, TileStore.Set);

            for (int slot = from; slot < end; slot++)
            {
                float* gradient = slotGradients + (nint)slot * _rank;
                float* direction = directions + (nint)slot * _rank;
                Algebra.Vectors.Add(-Algebra.Vectors.Dot(gradient, direction, _rank), direction, gradient, _rank);
                SoftmaxRow.Multiply(gradient, 1 / _directionNorms[slot], _rank);
                for (int u = _useStarts[slot]; u < _useStarts[slot + 1]; u++)
                {
                    int row = _uses[u] / _settings.HistoryLength, position = _uses[u] % _settings.HistoryLength;
                    AddProduct(gradients + (nint)row * _rank, positions + (nint)position * _rank, gradient, _rank);
                }
            }
        }
    }

    private void ReducePositions(int chunks)
    {
        int length = _positionGradient.Length;
        Array.Clear(_positionGradient);
        for (int c = 0; c < chunks; c++) Algebra.Vectors.Add(1, _positionGradients.AsSpan(c * length, length), _positionGradient);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddProduct(float* x, float* y, float* sum, int n)
    {
        for (int p = 0; p < n; p += 8)
            Vector256.MultiplyAddEstimate(Vector256.Load(x + p), Vector256.Load(y + p), Vector256.Load(sum + p)).Store(sum + p);
    }

    private ReadOnlySpan<int> History(int b) => HistoryOf(_batch[b]);

    private int[] ShufflePairs(int epoch)
    {
        var order = new int[_pairs.Length];
        for (int n = 0; n < order.Length; n++) order[n] = n;
        var random = SplitMix.For(_settings.Seed, 3, epoch);
        for (int n = order.Length - 1; n > 0; n--)
        {
            int other = random.Below(n + 1);
            (order[n], order[other]) = (order[other], order[n]);
        }

        return order;
    }

    /// <summary>How negatives are drawn, and the logarithm of the probability that an item is among the candidates of a batch.</summary>
    private (AliasTable Table, float[] LogInclusion) CountNegatives()
    {
        var targets = new double[_data.ItemCount];
        var uses = new double[_data.ItemCount];
        for (int pair = 0; pair < _pairs.Length; pair++)
        {
            targets[TargetOf(pair)]++;
            foreach (int item in HistoryOf(pair)) uses[item]++;
        }

        var weights = targets.Select(count => Math.Pow(count, _settings.NegativePower) * (count > 0 ? 1 : 0)).ToArray();
        double sum = weights.Sum();
        var logs = new float[_data.ItemCount];
        for (int i = 0; i < logs.Length; i++)
        {
            double expected = _settings.Negatives * weights[i] / sum
                + Math.Min(_settings.BatchSize, _pairs.Length) * (targets[i] + uses[i]) / _pairs.Length;
            logs[i] = (float)Math.Log(Math.Max(1 - Math.Exp(-expected), 1e-12));
        }

        return (new AliasTable(weights), logs);
    }

    private float[][] StartVectors()
    {
        var vectors = Pinned((long)_data.ItemCount * _rank);
        var counts = _data.CountItems();
        double deviation = Math.Sqrt(1.0 / _rank);
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            var random = SplitMix.For(_settings.Seed, 4, i);
            for (int p = 0; p < _rank; p++) vectors[(nint)i * _rank + p] = (float)(deviation * random.Normal());
        }

        return [vectors, Pinned(vectors.Length), Pinned(vectors.Length)];
    }

    /// <summary>Each position starts with half the weight of the next newer one, and without a repeat score.</summary>
    private float[][] StartPositions()
    {
        var positions = Pinned(_parameters);
        for (int k = 0; k < _settings.HistoryLength; k++) positions.AsSpan(k * _rank, _rank).Fill(MathF.Max(MathF.Pow(.5f, k), .05f));
        return [positions, Pinned(positions.Length), Pinned(positions.Length)];
    }

    private static (int, int)[] ListPairs(SessionData data)
    {
        var pairs = new List<(int, int)>(data.PairCount);
        for (int s = 0; s < data.Count; s++)
            for (int t = 1; t < data[s].Length; t++) pairs.Add((s, t));
        return [.. pairs];
    }

    /// <summary>Mean 1; null where all weigh the same.</summary>
    private static float[]? WeighSessions(int sessions, double halfLife)
    {
        if (halfLife == 0) return null;
        var weights = new double[sessions];
        for (int s = 0; s < sessions; s++) weights[s] = Math.Pow(.5, (sessions - 1 - s) / (halfLife * sessions));
        double mean = weights.Average();
        return [.. weights.Select(w => (float)(w / mean))];
    }

    private static float[] Pinned(long length) => GC.AllocateArray<float>(checked((int)length), pinned: true);

    private static float[] PinnedCopy(float[] source)
    {
        var copy = Pinned(source.Length);
        source.CopyTo(copy, 0);
        return copy;
    }
}
