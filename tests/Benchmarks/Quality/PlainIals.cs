using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Tuning;

namespace Recommender.Benchmarks.Quality;

/// <summary>
/// Plain iALS, well tuned: no damping, random start, the full grid of Rendle et al. 2022 at one rank, epochs by hold-out.
/// Settings are chosen by the score and hold-outs of <see cref="Tuner"/>.
/// </summary>
internal static class PlainIals
{
    private const int Epochs = 16;

    public static (IalsSettings Settings, double Score) Find(IReadOnlyList<Split> holdouts, int rank, Action<string> progress,
        CancellationToken cancellation)
    {
        // As many users as the search judges by.
        holdouts = [.. holdouts.Select(h => HoldoutSample.Limit(h, new TuningOptions().MaxUsers / holdouts.Count))];
        var best = (Settings: new IalsSettings(), Score: -1.0);
        foreach (double alpha0 in new[] { 1, .3, .1, .03, .01, .003 })
        {
            foreach (double lambda in new[] { .1, .03, .01, .003, .001, .0003 })
            {
                var settings = new IalsSettings { Rank = rank, Alpha0 = alpha0, Lambda = lambda, Epochs = Epochs };
                var recalls = new double[Epochs];
                var ndcgs = new double[Epochs];
                int common = Epochs;
                foreach (var holdout in holdouts)
                {
                    double top = 0;
                    int topEpoch = 0, last = 0;
                    settings.Train(holdout.Train, new TrainOptions
                    {
                        StopAfter = (epoch, model) =>
                        {
                            var result = Evaluation.Run(model, holdout, new EvaluationOptions { BootstrapSamples = 0 }, cancellation);
                            recalls[epoch - 1] += result.Recall / holdouts.Count;
                            ndcgs[epoch - 1] += result.Ndcg / holdouts.Count;
                            double now = Math.Sqrt(result.Recall * result.Ndcg);
                            if (now > top) (top, topEpoch) = (now, epoch);
                            last = epoch;
                            return epoch >= topEpoch + 3 || epoch >= common;
                        },
                    }, cancellation);
                    common = Math.Min(common, last);
                }

                for (int e = 0; e < common; e++)
                {
                    double score = Math.Sqrt(recalls[e] * ndcgs[e]);
                    if (score > best.Score) best = (settings with { Epochs = e + 1 }, score);
                }
            }

            progress($"plain iALS, grid to alpha0 {alpha0}: best {best.Score:f4} of {best.Settings.ToJson()}");
        }

        return best;
    }
}
