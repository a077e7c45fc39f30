using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Microsoft.ML.Trainers.Recommender;

namespace Recommender.Factorization.MlNet;

/// <summary>Settings of ML.NET's one-class matrix factorization.</summary>
public sealed record MlNetSettings
{
    /// <summary>Length of a factor, above 0.</summary>
    public int Rank { get; init; } = 64;

    /// <summary>Above 0.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>Weight of pairs that were not observed, above 0; observed ones weigh 1.</summary>
    public double Alpha { get; init; } = .05;

    /// <summary>What unobserved pairs should score.</summary>
    public double UnobservedTarget { get; init; } = .0001;

    /// <summary>Above 0.</summary>
    public double Lambda { get; init; } = .05;
}

/// <summary>
/// Trains with ML.NET and serves like any other model: only its item factors are kept, and users are folded in by our closed form, which
/// ML.NET itself cannot do. It ignores weights, leaves negatives out and cannot start warm: a yardstick, not the default.
/// </summary>
public static class MlNetTrainer
{
    /// <param name="threads">The number of cores; more are much slower. The same factors for any number, but for the last bits on large data.</param>
    /// <exception cref="ArgumentException">There are no interactions, or a setting is out of range.</exception>
    public static Model Train(InteractionMatrix matrix, MlNetSettings settings, int threads)
    {
        if (matrix.Count == 0) throw new ArgumentException("There is nothing to learn from: the data holds no interactions.", nameof(matrix));
        if (!(settings is { Rank: > 0, Epochs: > 0, Alpha: > 0, Lambda: > 0 })) throw new ArgumentException($"{settings}: Rank, Epochs, Alpha and Lambda must be above 0.", nameof(settings));
        var context = new MLContext();
        var schema = SchemaDefinition.Create(typeof(Cell));
        schema[nameof(Cell.User)].ColumnType = new KeyDataViewType(typeof(uint), matrix.UserCount);
        schema[nameof(Cell.Item)].ColumnType = new KeyDataViewType(typeof(uint), matrix.ItemCount);
        var trainer = context.Recommendation().Trainers.MatrixFactorization(new MatrixFactorizationTrainer.Options
        {
            MatrixRowIndexColumnName = nameof(Cell.User),
            MatrixColumnIndexColumnName = nameof(Cell.Item),
            LabelColumnName = nameof(Cell.Value),
            LossFunction = MatrixFactorizationTrainer.LossFunctionType.SquareLossOneClass,
            ApproximationRank = settings.Rank,
            NumberOfIterations = settings.Epochs,
            Alpha = settings.Alpha,
            C = settings.UnobservedTarget,
            Lambda = settings.Lambda,
            NumberOfThreads = threads,
            Quiet = true,
        });
        var parameters = trainer.Fit(context.Data.LoadFromEnumerable(Cells(matrix), schema)).Model;
        // Item by item, whatever the documentation says of columns.
        return Ials.FromItemFactors([.. parameters.RightFactorMatrix], new IalsSettings { Rank = settings.Rank, Alpha0 = settings.Alpha, Lambda = settings.Lambda, Nu = 0 });
    }

    private static IEnumerable<Cell> Cells(InteractionMatrix matrix)
    {
        for (int u = 0; u < matrix.UserCount; u++)
        {
            for (long e = matrix.Users.Starts[u]; e < matrix.Users.Starts[u + 1]; e++)
                if (matrix.Users.Target(e) >= .5f) yield return new Cell { User = (uint)u, Item = (uint)matrix.Users.Columns[e], Value = 1 };
        }
    }
}

/// <summary>One interaction as ML.NET reads it: fields, found by name. Indices are 0-based here; ML.NET adds 1 inside.</summary>
internal sealed class Cell
{
    public uint User;
    public uint Item;

    /// <summary>Ignored by the one-class loss: every entry counts as 1.</summary>
    public float Value;
}
