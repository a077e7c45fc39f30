using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Popularity;

/// <summary>The popularity baseline: the same ranking for all users.</summary>
public sealed record PopularitySettings : LearnerSettings
{
    /// <summary>
    /// Age at which the weight of an interaction is halved, as a fraction of the time span of the data. Above 0: recent popularity, scaled
    /// to a maximum of 1 so that it can be added to other learners. 0, and data without times: weights do not depend on age.
    /// </summary>
    public double HalfLife { get; init; }

    public override void Validate() => Require(HalfLife is >= 0 and <= 100, nameof(HalfLife), HalfLife, "in 0..100");

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation)
    {
        var scores = new float[matrix.ItemCount];
        if (HalfLife > 0 && matrix.Ages is { } ages)
        {
            var sums = new double[scores.Length];
            for (int e = 0; e < ages.Items.Length; e++) sums[ages.Items[e]] += ages.Positive(e) * Math.Pow(2, -ages.Ages[e] / HalfLife);
            double most = Math.Max(sums.Max(), double.Epsilon);
            for (int i = 0; i < scores.Length; i++) scores[i] = (float)(sums[i] / most);
            return new PopularityModel(scores);
        }

        for (int i = 0; i < scores.Length; i++)
        {
            double sum = 0;
            for (long e = matrix.Items.Starts[i]; e < matrix.Items.Starts[i + 1]; e++)
                sum += matrix.Items.Weight(e) * matrix.Items.Target(e);
            scores[i] = (float)sum;
        }

        // Also scaled for data without times, because the scale matters in a sum with other learners.
        float top = scores.AsSpan().IsEmpty ? 0 : System.Numerics.Tensors.TensorPrimitives.Max<float>(scores);
        if (HalfLife > 0 && top > 0) foreach (ref float score in scores.AsSpan()) score /= top;
        return new PopularityModel(scores);
    }
}
