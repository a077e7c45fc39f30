using System.Buffers;

namespace Recommender.Factorization;

/// <summary>
/// Another learner whose histories count by recency when users are folded in: an entry with p newer ones weighs <c>1 / (1 + p / HalfLife)</c> of
/// its weight. Where people come for one thing at a time, the last few items tell what. Learning itself takes all interactions as they are.
/// </summary>
/// <remarks>By place and not by age, so that a history means the same a week later, and a visit of an hour counts as a year of visits does.</remarks>
public sealed record RecencySettings : LearnerSettings
{
    /// <summary>Any learner but this one.</summary>
    public LearnerSettings Of { get; init; } = new IalsSettings();

    /// <summary>Newer entries that halve the weight, above 0, at most 10,000.</summary>
    public double HalfLife { get; init; } = 5;

    public override LearnerSettings WithRank(int rank) => this with { Of = Of.WithRank(rank) };

    public override void Validate()
    {
        Require(Of is not RecencySettings, nameof(Of), Of.GetType().Name, "another learner");
        Require(HalfLife is > 0 and <= 10_000, nameof(HalfLife), HalfLife, "above 0, at most 10,000");
        Of.Validate();
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation) =>
        new RecencyModel(Of.Train(matrix, options with { StopAfter = null }, cancellation), (float)HalfLife);
}

/// <summary>Another model, given histories that are weighed by <see cref="HistoryEntry.Place"/>.</summary>
public sealed class RecencyModel : Model
{
    public const string Name = "recency";

    internal RecencyModel(Model of, float halfLife)
    {
        Of = of;
        HalfLife = halfLife;
        Neighbours = of.Neighbours?.ByRecency(halfLife);
    }

    public Model Of { get; }

    /// <summary>Newer entries that halve an entry's weight.</summary>
    public float HalfLife { get; }

    public override string Learner => Name;

    public override int Rank => Of.Rank;

    public override int ItemCount => Of.ItemCount;

    public override ReadOnlyMemory<float> ItemFactors => Of.ItemFactors;

    public override ItemNeighbours? Neighbours { get; }

    public override bool UsesPlaces => true;

    /// <summary>What an entry's weight is multiplied by.</summary>
    internal static float Share(int place, float halfLife) => halfLife > 0 ? halfLife / (halfLife + place) : 1;

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        var buffer = ArrayPool<HistoryEntry>.Shared.Rent(history.Length);
        Of.FoldIn(Weighed(history, buffer), factor);
        ArrayPool<HistoryEntry>.Shared.Return(buffer);
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        var buffer = ArrayPool<HistoryEntry>.Shared.Rent(history.Length);
        float score = Of.Explain(Weighed(history, buffer), item, contributions);
        ArrayPool<HistoryEntry>.Shared.Return(buffer);
        return score;
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        var buffer = ArrayPool<HistoryEntry>.Shared.Rent(history.Length);
        float score = Of.Explain(Weighed(history, buffer), itemFactor, contributions);
        ArrayPool<HistoryEntry>.Shared.Return(buffer);
        return score;
    }

    private ReadOnlySpan<HistoryEntry> Weighed(ReadOnlySpan<HistoryEntry> history, HistoryEntry[] buffer)
    {
        for (int e = 0; e < history.Length; e++) buffer[e] = history[e] with { Weight = history[e].Weight * Share(history[e].Place, HalfLife) };
        return buffer.AsSpan(0, history.Length);
    }

    internal override Model WithItemRows(Func<float[], int, float[]> change) => new RecencyModel(Of.WithItemRows(change), HalfLife);

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        writer.Numbers<float>([HalfLife]);
        Of.Write(stream);
        writer.End();
    }

    internal static RecencyModel ReadBody(ModelReader reader)
    {
        float halfLife = reader.Numbers<float>(1)[0];
        if (!(halfLife > 0)) throw new InvalidDataException($"The model is damaged: its half-life is {halfLife}.");
        return new RecencyModel(ModelFormat.Read(reader.Stream), halfLife);
    }
}

/// <summary>Gives the entries of histories their <see cref="HistoryEntry.Place"/>.</summary>
public static class Places
{
    /// <param name="times">Of each entry, in any unit that grows; equal times share a place.</param>
    public static void Set(Span<HistoryEntry> history, ReadOnlySpan<long> times)
    {
        var rented = ArrayPool<long>.Shared.Rent(history.Length);
        var sorted = rented.AsSpan(0, history.Length);
        times[..history.Length].CopyTo(sorted);
        sorted.Sort();
        for (int e = 0; e < history.Length; e++) history[e] = history[e] with { Place = Newer(sorted, times[e]) };
        ArrayPool<long>.Shared.Return(rented);
    }

    /// <summary>Places of all pairs of users and items, by the newest interaction of each.</summary>
    internal static int[] Of(SparseRows rows, ReadOnlySpan<int> users, ReadOnlySpan<int> items, ReadOnlySpan<long> times)
    {
        var newest = new long[rows.Columns.Length];
        Array.Fill(newest, long.MinValue);
        for (int e = 0; e < users.Length; e++)
        {
            ref long time = ref newest[rows.Starts[users[e]] + rows.Row(users[e]).BinarySearch(items[e])];
            time = Math.Max(time, times[e]);
        }

        var places = new int[newest.Length];
        for (int u = 0; u < rows.Count; u++)
        {
            int from = (int)rows.Starts[u], length = rows.Length(u);
            long[] sorted = [.. newest.AsSpan(from, length)];
            sorted.AsSpan().Sort();
            for (int e = from; e < from + length; e++) places[e] = Newer(sorted, newest[e]);
        }

        return places;
    }

    private static int Newer(ReadOnlySpan<long> sorted, long time)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (sorted[middle] <= time) low = middle + 1;
            else high = middle;
        }

        return sorted.Length - low;
    }
}
