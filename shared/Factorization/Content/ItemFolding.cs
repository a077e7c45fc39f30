using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Content;

/// <summary>
/// Computes factors of items from the factors of their consumers, with users fixed. For iALS this is exactly the half-step of training; for
/// other learners it is the ridge solution with the default settings, scaled like their learned items.
/// </summary>
public sealed class ItemFolding
{
    /// <summary>Maximum number of users; of more, an even sample is used.</summary>
    private const int MaxUsers = 200_000;

    private readonly double[] _gram;
    private readonly double[] _settings;

    /// <param name="gram">Σ x·xᵀ over all users, <c>rank × rank</c>.</param>
    /// <param name="settings">Users, alpha0, lambda, nu, damping, factor of damped weights, factor of the solution.</param>
    private ItemFolding(int rank, double[] gram, double[] settings) => (Rank, this._gram, this._settings) = (rank, gram, settings);

    public int Rank { get; }

    /// <param name="matrix">Training data of the model.</param>
    public static ItemFolding Of(Model model, InteractionMatrix matrix, int threads = 1, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(matrix.ItemCount, model.ItemCount);
        int rank = model.Rank, users = matrix.UserCount, sampled = Math.Min(users, MaxUsers);
        var factors = new float[(long)sampled * rank];
        ParallelRows.Run(sampled, 64, threads, take =>
        {
            while (take() is var (from, to))
                for (int n = from; n < to; n++) model.FoldIn(matrix.Users.History(UserAt(n, users, sampled)),
                    factors.AsSpan(n * rank, rank));
        }, cancellation);
        var gram = Dense.Gram(factors, sampled, rank, threads, null, cancellation);
        for (int k = 0; k < gram.Length; k++) gram[k] *= users / (double)Math.Max(sampled, 1);

        var learned = (model as RecencyModel)?.Of ?? model;
        var ials = (learned as HybridModel)?.Factors as IalsModel ?? learned as IalsModel;
        var s = ials?.Settings ?? new IalsSettings();
        // The learned weights are m^−g times a constant.
        int most = Enumerable.Range(0, matrix.ItemCount).MaxBy(matrix.Items.Length);
        double unit = ials is null ? 1 : ials.ItemWeights[most] * Math.Pow(Math.Max(matrix.Items.Length(most), 1), s.Damping);
        var folding = new ItemFolding(rank, gram, [users, s.Alpha0, s.Lambda, s.Nu, s.Damping, unit, 1]);
        return ials is not null ? folding : new ItemFolding(rank, gram, [.. folding._settings[..6], folding.ScaleOf(model, matrix)]);
    }

    /// <param name="consumers">Factors of the users who consumed the item, <c>n × rank</c>.</param>
    /// <param name="preferences">Preference of each consumer.</param>
    /// <param name="factor">Receives <see cref="Rank"/> numbers; zeros for an item without positive events.</param>
    public void FoldIn(ReadOnlySpan<float> consumers, ReadOnlySpan<Preference> preferences, Span<float> factor)
    {
        if (consumers.Length != preferences.Length * Rank || factor.Length != Rank)
            throw new ArgumentException($"{preferences.Length} consumers need {preferences.Length * Rank} numbers, not {consumers.Length}, "
                + $"and the factor {Rank}, not {factor.Length}.");
        var (users, alpha0, lambda, nu, damping, unit, scale) =
            (_settings[0], _settings[1], _settings[2], _settings[3], _settings[4], _settings[5], _settings[6]);
        double damped = unit * Math.Pow(Math.Max(preferences.Length, 1), -damping), mass = alpha0 * users;
        var s = new double[Rank * Rank];
        var right = new double[Rank];
        for (int k = 0; k < s.Length; k++) s[k] = alpha0 * _gram[k];
        for (int n = 0; n < preferences.Length; n++)
        {
            var x = consumers.Slice(n * Rank, Rank);
            double weight = damped * Math.Max(preferences[n].Weight, 0);
            mass += weight;
            for (int i = 0; i < x.Length; i++)
            {
                double row = weight * x[i];
                right[i] += row * preferences[n].Target;
                for (int j = 0; j <= i; j++) s[i * Rank + j] += row * x[j];
            }
        }

        double ridge = Math.Max(lambda * Math.Pow(mass, nu), 1e-12);
        for (int k = 0; k < Rank; k++) s[k * Rank + k] += ridge;
        Solve(s, right);
        for (int k = 0; k < Rank; k++) factor[k] = (float)(scale * right[k]);
    }

    /// <summary>Solves by Cholesky in double precision; it is not a hot path. Overwrites the lower triangle.</summary>
    private void Solve(double[] s, double[] right)
    {
        for (int i = 0; i < Rank; i++)
        {
            var row = s.AsSpan(i * Rank, Rank);
            for (int j = 0; j <= i; j++)
            {
                double left = row[j] - System.Numerics.Tensors.TensorPrimitives.Dot<double>(row[..j], s.AsSpan(j * Rank, j));
                row[j] = i == j ? Math.Sqrt(left) : left / s[j * Rank + j];
            }

            right[i] = (right[i] - System.Numerics.Tensors.TensorPrimitives.Dot<double>(row[..i], right.AsSpan(0, i))) / row[i];
        }

        for (int i = Rank - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < Rank; k++) right[i] -= s[k * Rank + i] * right[k];
            right[i] /= s[i * Rank + i];
        }
    }

    /// <summary>Scale that brings the solutions closest to the learned factors, over up to 200 items of medium popularity.</summary>
    private double ScaleOf(Model model, InteractionMatrix matrix)
    {
        const int Items = 200, Consumers = 100;
        var known = Enumerable.Range(0, matrix.ItemCount).Where(i => matrix.Items.Length(i) is >= 3 and <= 1000).ToArray();
        double both = 0, own = 0;
        var solved = new float[Rank];
        for (int n = 0; n < Math.Min(Items, known.Length); n++)
        {
            int item = known[(long)n * known.Length / Math.Min(Items, known.Length)];
            int count = Math.Min(matrix.Items.Length(item), Consumers);
            var consumers = new float[count * Rank];
            var preferences = new Preference[count];
            for (int c = 0; c < count; c++)
            {
                long at = matrix.Items.Starts[item] + c;
                model.FoldIn(matrix.Users.History(matrix.Items.Columns[at]), consumers.AsSpan(c * Rank, Rank));
                preferences[c] = new Preference(matrix.Items.Weight(at), matrix.Items.Target(at));
            }

            FoldIn(consumers, preferences, solved);
            var learned = model.ItemFactors.Span.Slice(item * Rank, Rank);
            both += Vectors.Dot(solved, learned);
            own += Vectors.Dot(solved, solved);
        }

        return own > 0 && both > 0 ? both / own : 1;
    }

    private static int UserAt(int n, int users, int sampled) => (int)((long)n * users / sampled);

    internal void Write(ModelWriter writer)
    {
        writer.Integer(Rank);
        writer.Numbers<double>(_gram);
        writer.Numbers<double>(_settings);
    }

    internal static ItemFolding Read(ModelReader reader)
    {
        int rank = reader.Integer(1, 1 << 16);
        return new ItemFolding(rank, reader.Numbers<double>((long)rank * rank), reader.Numbers<double>(7));
    }
}
