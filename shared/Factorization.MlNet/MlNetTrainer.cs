using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Recommender.Factorization.MlNet;

/// <summary>
/// Trains with ML.NET. Only the item factors are kept: users are folded in by ridge regression against them, as in iALS, because ML.NET
/// itself cannot fold in. The result is a model of learner <c>ials</c>, which every build can serve.
/// </summary>
internal static class MlNetTrainer
{
    public static IalsModel Train(InteractionMatrix matrix, MlNetSettings settings, TrainOptions options, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var foldIn = new IalsSettings { Rank = settings.Rank, Alpha0 = settings.Alpha, Lambda = settings.Lambda, Nu = 0 };
        // ML.NET refuses data without entries; negative ones alone teach it nothing.
        bool learns = Cells(matrix, cancellation).Any();
        float[] factors = learns ? Learn(matrix, settings, cancellation) : new float[(long)matrix.ItemCount * settings.Rank];
        var model = Ials.FromItemFactors(factors, foldIn);
        options.Progress?.Invoke(new TrainProgress(settings.Epochs, settings.Epochs));
        return model;
    }

    /// <returns>Item factors: <c>items × rank</c>, row-major.</returns>
    private static float[] Learn(InteractionMatrix matrix, MlNetSettings settings, CancellationToken cancellation)
    {
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
            // Sums are added up by thread: another number of threads would give other last bits.
            NumberOfThreads = 1,
            Quiet = true,
        });
        var learned = trainer.Fit(context.Data.LoadFromEnumerable(Cells(matrix, cancellation), schema)).Model;
        // Item by item, whatever the documentation says of columns.
        return [.. learned.RightFactorMatrix];
    }

    private static IEnumerable<Cell> Cells(InteractionMatrix matrix, CancellationToken cancellation)
    {
        for (int u = 0; u < matrix.UserCount; u++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (long e = matrix.Users.Starts[u]; e < matrix.Users.Starts[u + 1]; e++)
            {
                if (matrix.Users.Target(e) < .5f) continue;
                yield return new Cell { User = (uint)u, Item = (uint)matrix.Users.Columns[e], Value = 1 };
            }
        }
    }
}
