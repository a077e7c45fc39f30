using System.Numerics.Tensors;
using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>
/// A model of lower rank: another model folds users in, and their factors x are projected to x·D. Item factors are projected once.
/// </summary>
public sealed class CompressedModel : Model
{
    public const string Name = "compressed";

    /// <summary>Maximum number of users; of more, an even sample is used.</summary>
    private const int MaxUsers = 20_000;

    private readonly float[] _down;
    private readonly float[] _items;

    /// <param name="of">The other model, for fold-in only.</param>
    /// <param name="down">D, <c>of.Rank × rank</c>.</param>
    /// <param name="items">Item factors, <c>items × rank</c>.</param>
    private CompressedModel(Model of, int rank, float[] down, float[] items) =>
        (Of, Rank, this._down, this._items) = (of, rank, down, items);

    /// <summary>The other model, for fold-in only.</summary>
    public Model Of { get; }

    public override string Learner => Name;

    public override int Rank { get; }

    public override int ItemCount => Of.ItemCount;

    public override ReadOnlyMemory<float> ItemFactors => _items;

    /// <summary>
    /// With user factors X, XᵀX = V·S·Vᵀ, and E the principal axes of the items Q·V·S^½: scores are X·Qᵀ = (X·V·S^−½)·(Q·V·S^½)ᵀ. The
    /// leading axes are kept: D = V·S^−½·E.
    /// </summary>
    /// <param name="matrix">Training data of the other model.</param>
    /// <exception cref="ArgumentException">The factors are too long for one array.</exception>
    internal static CompressedModel Compress(Model of, InteractionMatrix matrix, int rank, int threads, CancellationToken cancellation)
    {
        int length = of.Rank, kept = Math.Min(rank, length), sampled = Math.Min(matrix.UserCount, MaxUsers);
        if ((long)Math.Max(of.ItemCount, sampled) * Math.Max(length, rank) > Array.MaxLength)
            throw new ArgumentException($"{of.ItemCount} items × {Math.Max(length, rank)} numbers exceed one array; compress shorter "
                + $"factors.");
        var users = new float[(long)sampled * length];
        ParallelRows.Run(sampled, 64, threads, take =>
        {
            while (take() is var (from, to))
                for (int n = from; n < to; n++) of.FoldIn(matrix.Users.History((int)((long)n * matrix.UserCount / sampled)),
                    users.AsSpan(n * length, length));
        }, cancellation);
        var (squares, axes) = SymmetricEigen.Decompose(Dense.Gram(users, sampled, length, threads, null, cancellation), length);

        // Directions in which user factors are zero up to rounding are left out.
        double least = squares[0] * 1e-10;
        double[] up = new double[length * length], back = new double[length * length];
        for (int k = 0; k < up.Length; k++)
        {
            double square = squares[k % length];
            if (!(square > least)) continue;
            up[k] = axes[k] * Math.Sqrt(square);
            back[k] = axes[k] / Math.Sqrt(square);
        }

        var full = new float[(long)of.ItemCount * length];
        Dense.Multiply(of.ItemFactors.ToArray(), of.ItemCount, length, up, length, full, threads, cancellation);
        Dense.ToPrincipalAxes(full, of.ItemCount, length, threads, out var leading, cancellation);
        var items = new float[(long)of.ItemCount * rank];
        for (int i = 0; i < of.ItemCount; i++) full.AsSpan(i * length, kept).CopyTo(items.AsSpan(i * rank));
        return new CompressedModel(of.FoldingAlone(), rank, Product(back, leading, length, kept, rank, threads, cancellation), items);
    }

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        ModelChecks.Factor(this, factor);
        Span<float> user = Of.Rank <= 1024 ? stackalloc float[Of.Rank] : new float[Of.Rank];
        Of.FoldIn(history, user);
        factor.Clear();
        for (int k = 0; k < user.Length; k++) Vectors.Add(user[k], _down.AsSpan(k * Rank, Rank), factor);
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        ModelChecks.Item(this, item);
        return Explain(history, _items.AsSpan(item * Rank, Rank), contributions);
    }

    /// <remarks>(x·D)·q = x·(D·q): the other model explains an item whose factor is D·q.</remarks>
    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        ModelChecks.ItemFactor(this, itemFactor);
        Span<float> longer = Of.Rank <= 1024 ? stackalloc float[Of.Rank] : new float[Of.Rank];
        for (int k = 0; k < longer.Length; k++) longer[k] = Vectors.Dot(_down.AsSpan(k * Rank, Rank), itemFactor);
        return Of.Explain(history, longer, contributions);
    }

    internal override Model WithItemRows(Func<float[], int, float[]> change) =>
        new CompressedModel(Of.WithItemRows(change), Rank, _down, change(_items, Rank));

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        Of.Write(stream);
        writer.Integer(Rank);
        writer.Numbers<float>(_down);
        writer.Numbers<float>(_items);
        writer.End();
    }

    internal static CompressedModel ReadBody(ModelReader reader)
    {
        var of = ModelFormat.Read(reader.Stream);
        int rank = reader.Integer(1, 2048);
        return new CompressedModel(of, rank, reader.Numbers<float>((long)of.Rank * rank), reader.Numbers<float>((long)of.ItemCount * rank));
    }

    /// <summary>The first <paramref name="kept"/> columns of a·b (both <c>n × n</c>), with zeros up to
    /// <paramref name="columns"/>.</summary>
    private static float[] Product(double[] a, double[] b, int n, int kept, int columns, int threads, CancellationToken cancellation)
    {
        var product = new float[n * columns];
        ParallelRows.Run(n, 8, threads, take =>
        {
            var sum = new double[kept];
            while (take() is var (from, to))
            {
                for (int i = from; i < to; i++)
                {
                    sum.AsSpan().Clear();
                    for (int k = 0; k < n; k++) TensorPrimitives.MultiplyAdd(b.AsSpan(k * n, kept), a[i * n + k], sum, sum);
                    for (int j = 0; j < kept; j++) product[i * columns + j] = (float)sum[j];
                }
            }
        }, cancellation);
        return product;
    }
}
