using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Neighbourhood;

namespace Recommender.Factorization.Tuning;

/// <summary>
/// Adds complementary terms to factors, one at a time: neighbours, recent popularity, popularity. A term is kept if it raises the score.
/// Weights are unbounded, so the search can also find any single term on its own.
/// </summary>
/// <param name="timed">Whether times are known.</param>
internal sealed class TuningBlend(TuningTrials trials, int maxRank, bool timed, Func<double, bool> within)
{
    /// <param name="terms">The best trial of each term; null without one.</param>
    /// <param name="until">End of the stage, as a fraction of the budget.</param>
    public void Search(Trial factors, IReadOnlyList<Trial?> terms, double until)
    {
        var best = factors;
        var kept = new Parts(factors.Settings, [], null, 1, 0);
        if (timed) (best, kept) = SearchRecency(best, kept, until);
        foreach (var term in terms.OfType<Trial>())
        {
            if (!within(until)) return;
            var (with, without) = (best, kept);
            foreach (double share in new[] { .3, 1, .1, 3, 10 })
            {
                if (!within(until)) break;
                var next = without.With(term.Settings, TuningStep.Rounded(share * factors.Spread / term.Spread));
                var trial = trials.Try("blend", next.ToSettings(maxRank));
                if (trial.Score > with.Score) (with, kept) = (trial, next);
            }

            if (kept.Neighbours is { } neighbours && term.Settings is NeighbourhoodSettings)
            {
                foreach (double power in new[] { 0, 1.0 })
                {
                    if (!within(until)) break;
                    // The scale of the term depends on the power, so weights are searched again.
                    foreach (double share in new[] { 1, 3, .3 })
                    {
                        if (!within(until)) break;
                        double scale = power == 0 ? .3 : 3;
                        var next = kept with
                        {
                            Neighbours = neighbours with { HistoryPower = power },
                            NeighbourWeight = TuningStep.Rounded(share * scale * kept.NeighbourWeight)
                        };
                        var trial = trials.Try("blend", next.ToSettings(maxRank));
                        if (trial.Score > with.Score) (with, kept) = (trial, next);
                    }
                }
            }

            best = with;
        }

        Refine(best, kept, until);
    }

    /// <summary>Searches the half-life of histories. It needs no training, so a trial costs only its evaluation.</summary>
    private (Trial, Parts) SearchRecency(Trial best, Parts kept, double until)
    {
        foreach (double halfLife in new[] { 5, 1, 30.0 })
        {
            if (!within(until)) break;
            // If a half-life of five entries does not help, neither does one entry.
            if (halfLife == 1 && kept.HalfLife == 0 || halfLife == 30 && kept.HalfLife > 0) continue;
            var next = kept with { HalfLife = halfLife };
            var trial = trials.Try("recency", next.ToSettings(maxRank));
            if (trial.Score > best.Score) (best, kept) = (trial, next);
        }

        return (best, kept);
    }

    /// <summary>Refines all weights with smaller steps while the score rises.</summary>
    private void Refine(Trial best, Parts kept, double until)
    {
        for (double factor = 1.7; factor > 1.1; factor = Math.Sqrt(factor))
        {
            for (int term = 0; term < kept.Count; term++)
            {
                foreach (double direction in new[] { factor, 1 / factor })
                {
                    while (within(until))
                    {
                        var next = kept.Scaled(term, direction);
                        var trial = trials.Try("blend", next.ToSettings(maxRank));
                        if (trial.Score <= best.Score) break;
                        (best, kept) = (trial, next);
                    }
                }
            }
        }
    }

    /// <summary>Factors, popularity terms with their weights, and the neighbours with theirs.</summary>
    /// <param name="HalfLife">Half-life of histories, as in <see cref="RecencySettings"/>; 0: no weighting by recency.</param>
    private sealed record Parts(LearnerSettings Factors, IReadOnlyList<(LearnerSettings Term, double Weight)> Terms,
        NeighbourhoodSettings? Neighbours, double NeighbourWeight, double HalfLife)
    {
        private int Weights => Terms.Count + (Neighbours is null ? 0 : 1);

        /// <summary>Number of values to refine: the weights of the terms, and the half-life of histories if there is one.</summary>
        public int Count => Weights + (HalfLife > 0 ? 1 : 0);

        public Parts With(LearnerSettings term, double weight) => term is NeighbourhoodSettings n
            ? this with { Neighbours = n, NeighbourWeight = weight }
            : this with { Terms = [.. Terms, (term, weight)] };

        public Parts Scaled(int term, double by) => term == Weights
            ? this with { HalfLife = Math.Clamp(TuningStep.Rounded(HalfLife * by * by), .05, 1000) } // In larger steps: it matters less.
            : term == Terms.Count
            ? this with { NeighbourWeight = TuningStep.Rounded(NeighbourWeight * by) }
            : this with { Terms = [.. Terms.Select((t, n) => n == term ? (t.Term, TuningStep.Rounded(t.Weight * by)) : t)] };

        /// <summary>Each popularity term adds one number to the factors, within the maximum rank.</summary>
        public LearnerSettings ToSettings(int maxRank)
        {
            int room = Math.Max(maxRank - Terms.Count, 1);
            var factors = Factors.FactorLength > room ? Factors.WithRank(room) : Factors;
            foreach (var (term, weight) in Terms) factors = new SumSettings { First = factors, Second = term, Weight = weight };
            if (Neighbours is not null) factors = new HybridSettings
            {
                Factors = factors,
                Neighbourhood = Neighbours,
                Weight = NeighbourWeight
            };
            return HalfLife > 0 ? new RecencySettings { Of = factors, HalfLife = HalfLife } : factors;
        }
    }
}
