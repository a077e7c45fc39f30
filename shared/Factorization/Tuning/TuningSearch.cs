using Recommender.Factorization.Data;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Learners.Spectral;

namespace Recommender.Factorization.Tuning;

/// <summary>One run of <see cref="Tuner"/>.</summary>
internal sealed class TuningSearch(
    Split[] holdouts, TuningOptions options, Func<double> clock, TuningState? resume, Action<TuningState>? progress,
        CancellationToken cancellation)
{
    /// <summary>Minimum relative gain for trying a larger rank.</summary>
    private const double MinGain = .002;

    /// <summary>
    /// Number of settings of a family that advance to the next rank, because the best at a small rank may not be the best at a large one.
    /// </summary>
    private const int Promoted = 3;

    /// <summary>
    /// Minimum score, relative to the best, for adding terms. Terms do not bring others ahead, because the best may have them too.
    /// </summary>
    private const double WorthBlending = .95;

    /// <summary>
    /// Maximum rank of the first stages, which otherwise use half of the maximum rank. They have the most trials, and the time of a trial
    /// grows with the square of the rank.
    /// </summary>
    private const int LongestShortRank = 64;

    /// <summary>Minimum rank of the first stages: the smallest <see cref="TuningOptions.MaxRank"/>.</summary>
    private const int MinShortRank = 8;

    /// <summary>Maximum number of floats in a compressed model.</summary>
    private const long LargestCompressed = 1L << 28;

    private readonly TuningTrials _trials = new(holdouts, options, clock, resume, progress, cancellation);
    private readonly bool _timed = holdouts.All(h => h.Train.Ages is not null);

    public TuningState State => _trials.State;

    public void Run()
    {
        var popular = _trials.Try("baseline", new PopularitySettings());
        var recent = _timed ? SearchRecent() : null;
        var neighbourhood = options.AllowNeighbourhood ? SearchNeighbourhood(TuningSchedule.Neighbourhood) : null;

        int shortRank = Math.Min(LongestShortRank, Math.Max(options.MaxRank / 2, MinShortRank));
        foreach (var family in TuningFamily.All)
            if (family.IsAlwaysTried || Within(family.Until)) SearchFamily(family, shortRank, family.Until);
        // All families advance to larger ranks, because their order may change. Most of the budget is spent on the largest rank.
        var families = TuningFamily.All.Select(family => Best(family.Settings)).OfType<Trial>().OrderByDescending(t => t.Score).ToArray();
        for (int f = 0; f < families.Length; f++)
            families[f] = Lengthen(families[f], f == 0 ? TuningSchedule.Leader : TuningSchedule.Others);
        // The sum at half the rank each, and at full rank and compressed. Both approximate the full sum, but lose different parts.
        var sum = SearchSum(Math.Max(options.MaxRank / 2, 1), compress: false, TuningSchedule.Sum);
        var compressed = SearchSum(options.MaxRank, compress: true, TuningSchedule.Compressed);

        var blend = new TuningBlend(_trials, options.MaxRank, _timed, Within);
        Trial?[] terms = [neighbourhood, recent, popular];
        var parts = families.Append(sum).Append(compressed).OfType<Trial>().OrderByDescending(t => t.Score).ToArray();
        parts = [.. parts.Where(t => t.Score >= parts[0].Score * WorthBlending)];
        // Each gets an equal part of the remaining time.
        const double rest = TuningSchedule.All - TuningSchedule.Compressed;
        for (int p = 0; p < parts.Length; p++) blend.Search(parts[p], terms, TuningSchedule.Compressed + rest * (p + 1) / parts.Length);
    }

    private bool Within(double share) => _trials.SecondsSpent < share * options.BudgetSeconds;

    private Trial? Best(Type settings, int maxRank = int.MaxValue) =>
        _trials.Seen.Where(t => t.Settings.GetType() == settings && RankOf(t.Settings) <= maxRank).MaxBy(t => t.Score);

    private Trial SearchRecent()
    {
        Trial? best = null;
        foreach (double halfLife in new[] { .1, .03, .3, .01, .003 })
            best = Better(best, _trials.Try("recent popularity", new PopularitySettings { HalfLife = halfLife }));
        return best!;
    }

    private Trial SearchNeighbourhood(double until) => Walk(_trials.Try("item-item", new NeighbourhoodSettings()), "item-item", until,
        [
            TuningStep.Of<NeighbourhoodSettings>(s => s.Beta, (s, v) => s with { Beta = v }, .15, 0, 1),
            TuningStep.Of<NeighbourhoodSettings>(s => s.Alpha, (s, v) => s with { Alpha = v }, .2, 0, 2),
            TuningStep.Of<NeighbourhoodSettings>(s => s.Neighbours, (s, v) => s with { Neighbours = (int)v }, 2.5, 20, 1000,
                logarithmic: true),
        ], rounds: 1);

    /// <summary>Tries coarse points, then steps from the best of them.</summary>
    private void SearchFamily(TuningFamily family, int rank, double until)
    {
        Trial? best = null;
        foreach (var settings in family.Coarse)
        {
            if (best is not null && !Within(until)) break;
            best = Better(best, _trials.Try($"{family.Name}, coarse", settings.WithRank(rank)));
        }

        if (_timed && family.HalfLife is { } aged)
        {
            // Fixed values instead of steps from 0, because a very long half-life has no effect.
            foreach (double halfLife in new[] { .1, .3, .03 })
                if (Within(until)) best = Better(best, _trials.Try($"{family.Name}, half-life", aged.At(best!.Asked, halfLife)));
        }

        Walk(best!, family.Name, until, Steps(best!), rounds: 2);
    }

    /// <summary>
    /// Doubles the rank while the score rises. Settings that depend on the rank are searched again, at the largest rank all settings.
    /// </summary>
    private Trial Lengthen(Trial best, double until)
    {
        for (int rank = RankOf(best.Asked); rank < options.MaxRank && Within(until);)
        {
            int shorter = rank;
            rank = Math.Min(rank * 2, options.MaxRank);
            var promoted = _trials.Seen.Where(t => t.Asked.GetType() == best.Asked.GetType() && RankOf(t.Asked) == shorter)
                .OrderByDescending(t => t.Score).Take(Promoted).ToArray();
            Trial? longer = null;
            foreach (var trial in promoted)
                if (longer is null || Within(until)) longer = Better(longer, _trials.Try($"rank {rank}", trial.Asked.WithRank(rank)));
            var steps = Steps(best).Select(s => s.Smaller()).ToArray();
            longer = Walk(longer!, $"rank {rank}", until, [.. steps.Where(s => s.DependsOnRank)], rounds: 1);
            if (rank == options.MaxRank) longer = Walk(longer, $"rank {rank}", until, steps, rounds: 2);
            bool gains = longer.Score > best.Score * (1 + MinGain);
            best = Better(best, longer);
            if (!gains) break;
        }

        return best;
    }

    /// <summary>The sum of the best of two families.</summary>
    /// <param name="longest">Maximum rank of each.</param>
    private Trial? SearchSum(int longest, bool compress, double until)
    {
        LearnerSettings Tried(SumSettings sum) => compress ? new CompressedSettings { Of = sum, Rank = options.MaxRank } : sum;
        SumSettings SumIn(LearnerSettings tried) => (SumSettings)((tried as CompressedSettings)?.Of ?? tried);
        if (Best(typeof(IalsSettings), longest) is not { } first || Best(typeof(SpectralSettings), longest) is not { } second) return null;
        // If both fit, this is the sum already tried. A model includes both parts and the result; above a gigabyte it is too large to
        // distribute.
        int length = RankOf(first.Settings) + RankOf(second.Settings);
        if (compress && (length <= options.MaxRank || (length + options.MaxRank) * (long)holdouts[0].Train.ItemCount > LargestCompressed))
            return null;
        Trial? best = null;
        foreach (double share in new[] { 1.0, .4, 2.5 })
        {
            if (!Within(until)) break;
            double weight = TuningStep.Rounded(share * first.Spread / second.Spread);
            best = Better(best, _trials.Try("sum", Tried(
                new SumSettings { First = first.Settings, Second = second.Settings, Weight = weight })));
        }

        return best is null ? null : Walk(best, "sum", until,
            [TuningStep.Of<LearnerSettings>(s => SumIn(s).Weight, (s, v) => Tried(SumIn(s) with { Weight = v }), 1.6, 1e-6, 1e6,
                logarithmic: true)], rounds: 1);
    }

    /// <summary>From the best so far, moves along each setting while the score rises; each round with smaller steps.</summary>
    private Trial Walk(Trial best, string stage, double until, IReadOnlyList<TuningStep> steps, int rounds) =>
        TuningStep.Walk(best, steps, rounds, next => Within(until) ? _trials.Try(stage, next) : null);

    private static Trial Better(Trial? a, Trial b) => a is null || b.Score > a.Score ? b : a;

    private static int RankOf(LearnerSettings settings) => settings.OwnRank ?? int.MaxValue;

    private TuningStep[] Steps(Trial trial)
    {
        var family = TuningFamily.Of(trial.Asked);
        return _timed && family.HalfLife is { } halfLife ? [halfLife, .. family.Steps] : [.. family.Steps];
    }
}
