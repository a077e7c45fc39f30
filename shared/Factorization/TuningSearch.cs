namespace Recommender.Factorization;

/// <summary>One run of <see cref="Tuning"/>.</summary>
internal sealed class TuningSearch(
    Split[] holdouts, TuningOptions options, Func<double> clock, TuningState? resume, Action<TuningState>? progress, CancellationToken cancellation)
{
    /// <summary>Steps that gain less than this share of the score are not worth a longer rank.</summary>
    private const double LeastGain = .004;

    private readonly TuningTrials trials = new(holdouts, options, clock, resume, progress, cancellation);

    public TuningState State => trials.State;

    public void Run()
    {
        trials.Try("baseline", new PopularitySettings());
        var neighbourhood = new NeighbourhoodSettings();
        if (options.AllowNeighbourhood) neighbourhood = (NeighbourhoodSettings)SearchNeighbourhood().Settings;

        int shortRank = Math.Min(64, Math.Max(options.MaxRank / 2, 8));
        var ials = SearchIals(shortRank, until: .4);
        var spectral = SearchSpectral(shortRank, until: .6);
        // Both go on to longer ranks: what is behind at a short one may lead at a long one.
        var families = new[] { ials, spectral }.OrderByDescending(t => t.Score).ToArray();
        double end = options.AllowNeighbourhood ? .75 : .9;
        for (int f = 0; f < families.Length; f++) families[f] = Lengthen(families[f], until: f == 0 ? .6 + (end - .6) * .6 : end);
        var sum = SearchSum(until: end + .1);
        var recent = SearchRecent([.. families, sum], until: end + .13);
        if (!options.AllowNeighbourhood) return;
        Trial?[] all = [.. families, sum, recent];
        foreach (var part in all.OfType<Trial>().OrderByDescending(t => t.Score)) SearchHybrid(part, neighbourhood);
    }

    private bool Within(double share) => trials.SecondsSpent < share * options.BudgetSeconds;

    private Trial SearchNeighbourhood()
    {
        var best = trials.Try("item-item", new NeighbourhoodSettings());
        return Walk(best, "item-item", .15,
        [
            new("beta", s => ((NeighbourhoodSettings)s).Beta, (s, v) => (NeighbourhoodSettings)s with { Beta = v }, .15, 0, 1),
            new("alpha", s => ((NeighbourhoodSettings)s).Alpha, (s, v) => (NeighbourhoodSettings)s with { Alpha = v }, .2, 0, 2),
            new("neighbours", s => ((NeighbourhoodSettings)s).Neighbours, (s, v) => (NeighbourhoodSettings)s with { Neighbours = (int)v }, 2.5, 20, 1000, Logarithmic: true),
        ], rounds: 1);
    }

    private Trial SearchIals(int rank, double until)
    {
        Trial? best = null;
        foreach (var (alpha0, lambda, damping) in new[] { (.03, .005, .3), (.1, .03, .3), (.01, .001, .3), (.003, .0003, .3), (.3, .1, .5), (.01, .005, 0), (.1, .03, 0) })
        {
            if (best is not null && !Within(until * .6)) break;
            var trial = trials.Try("ials, coarse", new IalsSettings { Rank = rank, Alpha0 = alpha0, Lambda = lambda, Damping = damping, Start = IalsStart.Spectral });
            if (best is null || trial.Score > best.Score) best = trial;
        }

        if (Within(until * .6)) best = Better(best!, trials.Try("ials, coarse", (IalsSettings)best!.Asked with { Start = IalsStart.Random }));
        return Walk(best!, "ials", until, IalsSteps, rounds: 2);
    }

    private Trial SearchSpectral(int rank, double until)
    {
        Trial? best = null;
        foreach (var (alpha0, lambda, damping, share) in new[] { (.03, .01, .3, .2), (.1, .3, .5, 0.0), (.01, .001, .3, .4), (.3, 1, .5, .2), (.003, .003, .5, .4) })
        {
            if (best is not null && !Within(until * .9)) break;
            var trial = trials.Try("spectral, coarse", new SpectralSettings { Rank = rank, Alpha0 = alpha0, Lambda = lambda, Damping = damping, SpectralShare = share });
            if (best is null || trial.Score > best.Score) best = trial;
        }

        return Walk(best!, "spectral", until, SpectralSteps, rounds: 2);
    }

    /// <summary>Doubles the rank while that gains, looking again at the settings that depend on it.</summary>
    private Trial Lengthen(Trial best, double until)
    {
        for (int rank = RankOf(best); rank < options.MaxRank && Within(until);)
        {
            rank = Math.Min(rank * 2, options.MaxRank);
            var longer = trials.Try($"rank {rank}", best.Asked.WithRank(rank));
            var steps = best.Asked is IalsSettings ? IalsSteps : SpectralSteps;
            longer = Walk(longer, $"rank {rank}", until, [.. steps.Where(s => s.DependsOnRank).Select(s => s.Smaller())], rounds: 1);
            bool gains = longer.Score > best.Score * (1 + LeastGain);
            best = Better(best, longer);
            if (!gains) break;
        }

        return best;
    }

    /// <summary>The best of both families of half the length each, added.</summary>
    private Trial? SearchSum(double until)
    {
        Trial? Half<T>() where T : LearnerSettings => State.Trials.Where(t => t.Settings is T && RankOf(t) <= Math.Max(options.MaxRank / 2, 1)).MaxBy(t => t.Score);
        var (first, second) = (Half<IalsSettings>(), Half<SpectralSettings>());
        if (first is null || second is null) return null;
        Trial? best = null;
        foreach (double weight in new[] { 1.0, .4, 2.5 })
        {
            if (!Within(until)) break;
            var trial = trials.Try("sum", new SumSettings { First = first.Settings, Second = second.Settings, Weight = weight });
            best = best is null ? trial : Better(best, trial);
        }

        return best is null ? null : Walk(best, "sum", until, [new("weight", s => ((SumSettings)s).Weight, (s, v) => (SumSettings)s with { Weight = v }, 1.6, .01, 100, Logarithmic: true)], rounds: 1);
    }

    /// <summary>What is popular of late beside the best factors, where the data has times.</summary>
    private Trial? SearchRecent(Trial?[] parts, double until)
    {
        if (holdouts.Any(h => h.Train.Ages is null)) return null;
        Trial? popularity = null;
        foreach (double halfLife in new[] { .1, .03, .3, .01, .003 })
        {
            var trial = trials.Try("recent popularity", new PopularitySettings { HalfLife = halfLife });
            popularity = popularity is null ? trial : Better(popularity, trial);
        }

        var factors = parts.OfType<Trial>().MaxBy(t => t.Score)!;
        Trial? best = null;
        foreach (double weight in new[] { .3, .1, 1, .03 })
        {
            if (best is not null && !Within(until)) break;
            var trial = trials.Try("recent", new SumSettings { First = factors.Settings, Second = popularity!.Settings, Weight = weight });
            best = best is null ? trial : Better(best, trial);
        }

        return Walk(best!, "recent", until, [new("weight", s => ((SumSettings)s).Weight, (s, v) => (SumSettings)s with { Weight = v }, 1.7, .001, 100, Logarithmic: true)], rounds: 1);
    }

    private void SearchHybrid(Trial factors, NeighbourhoodSettings neighbourhood)
    {
        Trial? best = null;
        foreach (double power in new[] { .5, 0, 1.0 })
        {
            foreach (double weight in new[] { 1.0, 3, .3, 10 })
            {
                if (!Within(1)) return;
                var trial = trials.Try("hybrid", new HybridSettings { Factors = factors.Settings, Neighbourhood = neighbourhood with { HistoryPower = power }, Weight = weight });
                if (best is null || trial.Score > best.Score) best = trial;
            }
        }

        Walk(best!, "hybrid", 1, [new("weight", s => ((HybridSettings)s).Weight, (s, v) => (HybridSettings)s with { Weight = v }, 1.7, .01, 1000, Logarithmic: true)], rounds: 2);
    }

    /// <summary>From the best so far, goes on along each setting as long as the score rises; each round with smaller steps.</summary>
    private Trial Walk(Trial best, string stage, double until, IReadOnlyList<Step> steps, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            foreach (var step in steps)
            {
                foreach (int direction in (ReadOnlySpan<int>)[1, -1])
                {
                    bool moved = false;
                    while (Within(until) && step.Next(best.Asked, direction) is { } next)
                    {
                        var trial = trials.Try(stage, next);
                        if (trial.Score <= best.Score) break;
                        best = trial;
                        moved = true;
                    }

                    if (moved) break;
                }
            }

            steps = [.. steps.Select(s => s.Smaller())];
        }

        return best;
    }

    private static Trial Better(Trial a, Trial b) => b.Score > a.Score ? b : a;

    private static int RankOf(Trial trial) => trial.Asked switch
    {
        IalsSettings s => s.Rank,
        SpectralSettings s => s.Rank,
        _ => int.MaxValue,
    };

    private static readonly Step[] IalsSteps =
    [
        new("lambda", s => ((IalsSettings)s).Lambda, (s, v) => (IalsSettings)s with { Lambda = v }, 2.2, 1e-5, 100, Logarithmic: true, DependsOnRank: true),
        new("alpha0", s => ((IalsSettings)s).Alpha0, (s, v) => (IalsSettings)s with { Alpha0 = v }, 2.2, 1e-4, 10, Logarithmic: true, DependsOnRank: true),
        new("damping", s => ((IalsSettings)s).Damping, (s, v) => (IalsSettings)s with { Damping = v }, .15, 0, 1),
    ];

    private static readonly Step[] SpectralSteps =
    [
        new("lambda", s => ((SpectralSettings)s).Lambda, (s, v) => (SpectralSettings)s with { Lambda = v }, 2.5, 1e-5, 100, Logarithmic: true, DependsOnRank: true),
        new("alpha0", s => ((SpectralSettings)s).Alpha0, (s, v) => (SpectralSettings)s with { Alpha0 = v }, 2.5, 1e-4, 10, Logarithmic: true),
        new("share", s => ((SpectralSettings)s).SpectralShare, (s, v) => (SpectralSettings)s with { SpectralShare = v }, .2, 0, 1, DependsOnRank: true),
        new("damping", s => ((SpectralSettings)s).Damping, (s, v) => (SpectralSettings)s with { Damping = v }, .2, 0, 1),
        new("smoothing", s => ((SpectralSettings)s).Smoothing, (s, v) => (SpectralSettings)s with { Smoothing = v }, 8, 0, 100),
        new("output", s => ((SpectralSettings)s).OutputPower, (s, v) => (SpectralSettings)s with { OutputPower = v }, .2, -1, 1),
        new("item power", s => ((SpectralSettings)s).ItemPower, (s, v) => (SpectralSettings)s with { ItemPower = v }, .1, 0, 1),
    ];

    /// <summary>How to move along one setting: by a factor (<paramref name="Logarithmic"/>) or an amount, within bounds.</summary>
    private sealed record Step(
        string Name, Func<LearnerSettings, double> Get, Func<LearnerSettings, double, LearnerSettings> Set,
        double Size, double Least, double Most, bool Logarithmic = false, bool DependsOnRank = false)
    {
        public Step Smaller() => this with { Size = Logarithmic ? Math.Sqrt(Size) : Size / 2 };

        /// <summary>Null at the bound.</summary>
        public LearnerSettings? Next(LearnerSettings from, int direction)
        {
            double now = Get(from);
            double next = Logarithmic ? now * Math.Pow(Size, direction) : now + direction * Size;
            // Four digits, so that steps to and fro meet again.
            next = next == 0 ? 0 : Math.Clamp(double.Parse(next.ToString("g4", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture), Least, Most);
            return next == now ? null : Set(from, next);
        }
    }
}
