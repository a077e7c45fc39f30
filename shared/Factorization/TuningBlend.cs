namespace Recommender.Factorization;

/// <summary>
/// Adds to factors, one after the other, the terms that see something else: neighbours, what is popular of late, what is popular. A term stays
/// when it raises the score. As a weight may be as large as it likes, every term alone is among what can be found.
/// </summary>
internal sealed class TuningBlend(TuningTrials trials, int maxRank, Func<double, bool> within)
{
    /// <param name="terms">Null where there is none of its kind.</param>
    /// <param name="until">Share of the budget.</param>
    public void Search(Trial factors, IReadOnlyList<Trial?> terms, double until)
    {
        var best = factors;
        var kept = new Parts(factors.Settings, [], null, 1);
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
                    // The term's own scale changes with the power: weights are tried anew.
                    foreach (double share in new[] { 1, 3, .3 })
                    {
                        if (!within(until)) break;
                        double scale = power == 0 ? .3 : 3;
                        var next = kept with { Neighbours = neighbours with { HistoryPower = power }, NeighbourWeight = TuningStep.Rounded(share * scale * kept.NeighbourWeight) };
                        var trial = trials.Try("blend", next.ToSettings(maxRank));
                        if (trial.Score > with.Score) (with, kept) = (trial, next);
                    }
                }
            }

            best = with;
        }

        Refine(best, kept, until);
    }

    /// <summary>Every weight once more, with smaller steps, as long as that gains.</summary>
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
    private sealed record Parts(LearnerSettings Factors, IReadOnlyList<(LearnerSettings Term, double Weight)> Terms, NeighbourhoodSettings? Neighbours, double NeighbourWeight)
    {
        public int Count => Terms.Count + (Neighbours is null ? 0 : 1);

        public Parts With(LearnerSettings term, double weight) => term is NeighbourhoodSettings n
            ? this with { Neighbours = n, NeighbourWeight = weight }
            : this with { Terms = [.. Terms, (term, weight)] };

        public Parts Scaled(int term, double by) => term == Terms.Count
            ? this with { NeighbourWeight = TuningStep.Rounded(NeighbourWeight * by) }
            : this with { Terms = [.. Terms.Select((t, n) => n == term ? (t.Term, TuningStep.Rounded(t.Weight * by)) : t)] };

        /// <summary>Each popularity term is one number of the factors' length.</summary>
        public LearnerSettings ToSettings(int maxRank)
        {
            int room = Math.Max(maxRank - Terms.Count, 1);
            var factors = Length(Factors) > room ? Factors.WithRank(room) : Factors;
            foreach (var (term, weight) in Terms) factors = new SumSettings { First = factors, Second = term, Weight = weight };
            return Neighbours is null ? factors : new HybridSettings { Factors = factors, Neighbourhood = Neighbours, Weight = NeighbourWeight };
        }

        private static int Length(LearnerSettings settings) => settings switch
        {
            IalsSettings s => s.Rank,
            SpectralSettings s => s.Rank,
            SumSettings s => Length(s.First) + Length(s.Second),
            _ => 1,
        };
    }
}
