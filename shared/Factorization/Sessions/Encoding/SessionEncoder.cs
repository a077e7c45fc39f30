using System.Numerics.Tensors;
using System.Text.Json;
using Recommender.Factorization.Algebra;
using Recommender.Factorization.Models;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>
/// A linear encoder of sessions: the vector of a session is the sum of its items' vectors, each multiplied axis by axis by a learned weight
/// of its position from the end. The score of an item is the cosine of both vectors divided by the temperature, plus a learned score of the
/// position for an item of the history itself. So it is an exact sum of one contribution per item of the history. Immutable and safe for
/// concurrent use.
/// </summary>
public sealed class SessionEncoder : ISessionScorer
{
    /// <summary>Name of the format in the first bytes of a written encoder.</summary>
    private const string Format = "session-encoder";

    private readonly float[] _vectors;
    private readonly float[] _directions;
    private readonly float[] _positions;
    private readonly float _scale;

    /// <param name="settings">As trained.</param>
    /// <param name="vectors"><c>items × rank</c>, row-major.</param>
    /// <param name="positions"><c>history length × rank</c>, row-major, newest first; then a repeat score per position.</param>
    internal SessionEncoder(SessionEncoderSettings settings, float[] vectors, float[] positions)
    {
        (Settings, _vectors, _positions) = (settings, vectors, positions);
        _scale = (float)(1 / settings.Temperature);
        ItemCount = vectors.Length / settings.Rank;
        _directions = (float[])vectors.Clone();
        for (int i = 0; i < ItemCount; i++) Normalize(_directions.AsSpan(i * Rank, Rank));
    }

    public SessionEncoderSettings Settings { get; }

    public int ItemCount { get; }

    public int Rank => Settings.Rank;

    /// <summary>Item vectors as they enter a session, <c>items × rank</c>, row-major.</summary>
    public ReadOnlyMemory<float> ItemVectors => _vectors;

    /// <summary>
    /// Item vectors of length 1 as they are scored, <c>items × rank</c>, row-major. Items without training pairs have a random one.
    /// </summary>
    public ReadOnlyMemory<float> ItemDirections => _directions;

    /// <summary>Weights of a position on each axis, <c>history length × rank</c>, row-major, newest first.</summary>
    public ReadOnlyMemory<float> PositionWeights => _positions.AsMemory(0, Settings.HistoryLength * Rank);

    /// <summary>What an item of the history adds to its own score, per position, newest first. All 0 where items do not repeat.</summary>
    public ReadOnlyMemory<float> RepeatScores => _positions.AsMemory(Settings.HistoryLength * Rank);

    /// <summary>Trains on all pairs of a prefix and its next item.</summary>
    /// <exception cref="ArgumentException">
    /// No session has two items, or a setting is out of range; the message contains the name.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was requested.</exception>
    public static SessionEncoder Train(
        SessionData data, SessionEncoderSettings settings, SessionTrainOptions? options = null, CancellationToken cancellation = default)
    {
        settings.Validate();
        options ??= new SessionTrainOptions();
        using var trainer = new SessionEncoderTrainer(data, settings, options);
        while (trainer.CompletedEpochs < settings.Epochs)
        {
            double loss = trainer.RunEpoch(cancellation);
            options.Progress?.Invoke(
                new SessionTrainProgress(trainer.CompletedEpochs, settings.Epochs, loss, trainer.ToCheckpoint, trainer.ToModel));
        }

        return trainer.ToModel();
    }

    /// <summary>
    /// The vector of a session, of length 1 / temperature: its dot product with an item's direction is the score without repeat scores. All
    /// zero for an empty history. Items of <see cref="ItemCount"/> and above add nothing.
    /// </summary>
    public void Encode(ReadOnlySpan<int> history, Span<float> vector)
    {
        vector = vector[..Rank];
        vector.Clear();
        int length = Math.Min(history.Length, Settings.HistoryLength);
        for (int k = 0; k < length; k++) AddPosition(history[^(k + 1)], k, vector);
        float norm = MathF.Sqrt(Vectors.Dot(vector, vector));
        if (norm > 0) TensorPrimitives.Multiply(vector, _scale / norm, vector);
    }

    public void Score(ReadOnlySpan<int> history, Span<float> scores)
    {
        Span<float> vector = stackalloc float[Rank];
        Encode(history, vector);
        for (int i = 0; i < ItemCount; i++) scores[i] = Vectors.Dot(vector, _directions.AsSpan(i * Rank, Rank));
        AddRepeats(history, scores);
    }

    public unsafe void ScoreMany(ReadOnlySpan<int[]> histories, Span<float> scores)
    {
        // Panels of 16 sessions, so that each item vector is read once per panel.
        int rows = ItemCount / Tile.Rows * Tile.Rows;
        var encoded = new float[Tile.Columns * Rank];
        var panel = new float[Tile.Columns * Rank];
        Span<float> tile = stackalloc float[Tile.Rows * Tile.Columns];
        for (int from = 0; from < histories.Length; from += Tile.Columns)
        {
            int n = Math.Min(Tile.Columns, histories.Length - from);
            for (int s = 0; s < n; s++) Encode(histories[from + s], encoded.AsSpan(s * Rank, Rank));
            fixed (float* a = _directions, e = encoded, b = panel, c = tile)
            {
                Vectors.ToPanels(e, n, Rank, Rank, b);
                for (int i = 0; i < rows; i += Tile.Rows)
                {
                    Tile.Run(a + (nint)i * Rank, Rank, 1, b, Tile.Columns, Rank, c, Tile.Columns, TileStore.Set);
                    for (int s = 0; s < n; s++)
                        for (int r = 0; r < Tile.Rows; r++) scores[(from + s) * ItemCount + i + r] = c[r * Tile.Columns + s];
                }
            }

            for (int s = 0; s < n; s++)
                for (int i = rows; i < ItemCount; i++)
                    scores[(from + s) * ItemCount + i] = Vectors.Dot(encoded.AsSpan(s * Rank, Rank), _directions.AsSpan(i * Rank, Rank));
        }

        for (int s = 0; s < histories.Length; s++) AddRepeats(histories[s], scores.Slice(s * ItemCount, ItemCount));
    }

    /// <summary>
    /// What each item of the history adds to the score of <paramref name="item"/>; 0 for those beyond the history length.
    /// </summary>
    /// <param name="item">Below <see cref="ItemCount"/>.</param>
    /// <returns>The score: the sum of the contributions up to rounding.</returns>
    public float Explain(ReadOnlySpan<int> history, int item, Span<float> contributions)
    {
        Span<float> sum = stackalloc float[Rank];
        Span<float> part = stackalloc float[Rank];
        sum.Clear();
        contributions[..history.Length].Clear();
        var direction = _directions.AsSpan(item * Rank, Rank);
        int length = Math.Min(history.Length, Settings.HistoryLength);
        for (int k = 0; k < length; k++)
        {
            part.Clear();
            AddPosition(history[^(k + 1)], k, part);
            contributions[history.Length - 1 - k] = Vectors.Dot(part, direction);
            Vectors.Add(1, part, sum);
        }

        float norm = MathF.Sqrt(Vectors.Dot(sum, sum));
        if (norm == 0) return 0;
        float score = 0;
        for (int h = 0; h < history.Length; h++)
        {
            contributions[h] *= _scale / norm;
            int position = history.Length - 1 - h;
            if (position < length && history[h] == item) contributions[h] += RepeatScores.Span[position];
            score += contributions[h];
        }

        return score;
    }

    /// <summary>Writes the encoder as bytes that <see cref="Read"/> understands.</summary>
    public void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Format);
        writer.Text(JsonSerializer.Serialize(Settings));
        writer.Numbers<float>(_vectors);
        writer.Numbers<float>(_positions);
        writer.End();
    }

    /// <exception cref="InvalidDataException">The bytes are not those of an encoder, or are damaged.</exception>
    public static SessionEncoder Read(Stream stream)
    {
        var reader = ModelFormat.Open(stream, out string format);
        if (format != Format) throw new InvalidDataException($"This is '{format}' and not a session encoder.");
        var settings = ReadSettings(reader);
        var vectors = reader.Numbers<float>();
        if (vectors.Length % settings.Rank != 0)
            throw new InvalidDataException("The session encoder is damaged: its last item vector is cut short.");
        var positions = reader.Numbers<float>(settings.HistoryLength * (settings.Rank + 1L));
        ModelFormat.Close(reader);
        return new SessionEncoder(settings, vectors, positions);
    }

    private static SessionEncoderSettings ReadSettings(ModelReader reader)
    {
        try
        {
            var settings = JsonSerializer.Deserialize<SessionEncoderSettings>(reader.Text())
                ?? throw new JsonException("They are missing.");
            settings.Validate();
            return settings;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"The settings of the session encoder cannot be read: {e.Message}", e);
        }
    }

    private void AddRepeats(ReadOnlySpan<int> history, Span<float> scores)
    {
        var repeats = RepeatScores.Span;
        int length = Math.Min(history.Length, Settings.HistoryLength);
        for (int k = 0; k < length; k++)
            if (history[^(k + 1)] < ItemCount) scores[history[^(k + 1)]] += repeats[k];
    }

    /// <summary>An item that is newer than the encoder has its place in the history and adds nothing.</summary>
    private void AddPosition(int item, int position, Span<float> vector)
    {
        if (item >= ItemCount) return;
        TensorPrimitives.MultiplyAdd(
            _vectors.AsSpan(item * Rank, Rank), _positions.AsSpan(position * Rank, Rank), vector, vector);
    }

    private static void Normalize(Span<float> vector)
    {
        float norm = MathF.Sqrt(Vectors.Dot(vector, vector));
        if (norm > 0) TensorPrimitives.Multiply(vector, 1 / norm, vector);
    }
}
