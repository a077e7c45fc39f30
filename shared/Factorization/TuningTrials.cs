namespace Recommender.Factorization;

/// <summary>Trains and judges what tuning proposes, once each, and keeps account.</summary>
internal sealed class TuningTrials
{
    private const int MostEpochs = 10;

    private readonly Split[] holdouts;
    private readonly TuningOptions options;
    private readonly Func<double> clock;
    private readonly Action<TuningState>? progress;
    private readonly CancellationToken cancellation;
    private readonly Dictionary<string, Trial> done = [];
    private readonly HashSet<string> counted = [];
    private readonly List<Trial> seen = [];
    private readonly List<Trial> trials = [];
    private readonly string data;

    // What trials share, per hold-out: the start of a rank, and the parts of sums and hybrids.
    private (int Rank, float[][] Starts)? starts;
    private readonly List<(string Key, Model[] Models)> trained = [];
    private (SpectralSettings Of, float[][] Bases)? bases;
    private readonly List<(double HalfLife, InteractionMatrix[] Aged)> aged = [];
    private (string Key, ItemNeighbours[] Found)? neighbours;

    public TuningTrials(Split[] holdouts, TuningOptions options, Func<double> clock, TuningState? resume, Action<TuningState>? progress, CancellationToken cancellation)
    {
        (this.holdouts, this.options, this.clock, this.progress, this.cancellation) = (holdouts, options, clock, progress, cancellation);
        // What trials are scored by is part of it: scores of another kind are not compared.
        data = "sqrt(recall*ndcg);" + string.Join(';', holdouts.Select(h => $"{h.Train.UserCount}x{h.Train.ItemCount}:{h.Train.Count}+{h.Test.Columns.Length}@{options.K}"));
        if (resume is null || resume.Data != data) return;
        foreach (var trial in resume.Trials)
        {
            trials.Add(trial);
            done[trial.Asked.ToJson()] = trial;
        }
    }

    public TuningState State => new(data, [.. trials]);

    public double SecondsSpent { get; private set; }

    /// <summary>What this search has come by, in order: of a resumed state only what it has asked for again.</summary>
    public IReadOnlyList<Trial> Seen => seen;

    private void Count(Trial trial)
    {
        SecondsSpent += trial.Seconds;
        seen.Add(trial);
    }

    public Trial Try(string stage, LearnerSettings settings)
    {
        string key = settings.ToJson();
        if (done.TryGetValue(key, out var known))
        {
            // Counted when the search comes by, so that a resumed search decides as the first one did.
            if (counted.Add(key)) Count(known);
            return known;
        }

        cancellation.ThrowIfCancellationRequested();
        double begin = clock();
        var (judged, recall, ndcg, spread, curve) = settings switch
        {
            IalsSettings ials => Judge(ials),
            SumSettings or HybridSettings => Judge(settings, ModelsOf(settings)),
            _ => Judge(settings, [.. holdouts.Select((_, h) => Train(settings, h))]),
        };
        var trial = new Trial(trials.Count + 1, stage, settings, judged, Score(recall, ndcg), recall, ndcg, clock() - begin, curve, spread);
        trials.Add(trial);
        done[key] = trial;
        counted.Add(key);
        Count(trial);
        progress?.Invoke(State);
        return trial;
    }

    private TrainOptions Options => new() { Threads = options.Threads };

    /// <summary>The geometric mean, so that neither outweighs the other where one is far larger.</summary>
    private static double Score(double recall, double ndcg) => Math.Sqrt(recall * ndcg);

    private (LearnerSettings, double, double, double, IReadOnlyList<double>) Judge(LearnerSettings settings, Model[] models)
    {
        double recall = 0, ndcg = 0;
        for (int h = 0; h < holdouts.Length; h++)
        {
            var result = Evaluate(models[h], h);
            recall += result.Recall / holdouts.Length;
            ndcg += result.Ndcg / holdouts.Length;
        }

        return (settings, recall, ndcg, SpreadOf(models[0]), [Score(recall, ndcg)]);
    }

    /// <summary>Judges after every epoch on each hold-out, stops when two epochs bring nothing, and settles on the best mean.</summary>
    private (LearnerSettings, double, double, double, IReadOnlyList<double>) Judge(IalsSettings settings)
    {
        var spreads = new double[MostEpochs];
        var recalls = new double[MostEpochs];
        var ndcgs = new double[MostEpochs];
        int common = MostEpochs;
        for (int h = 0; h < holdouts.Length; h++)
        {
            double best = 0;
            int bestEpoch = 0, last = 0;
            Ials.Train(MatrixOf(settings.HalfLife, h), holdouts[h].Train, settings with { Epochs = common }, Options with
            {
                WarmStart = settings.Start == IalsStart.Spectral ? StartOf(settings, h) : null,
                StopAfter = (epoch, model) =>
                {
                    var result = Evaluate(model, h);
                    recalls[epoch - 1] += result.Recall / holdouts.Length;
                    ndcgs[epoch - 1] += result.Ndcg / holdouts.Length;
                    if (h == 0) spreads[epoch - 1] = SpreadOf(model);
                    last = epoch;
                    double score = Score(result.Recall, result.Ndcg);
                    if (score > best * 1.0005) (best, bestEpoch) = (score, epoch);
                    return epoch >= bestEpoch + (settings.Start == IalsStart.Spectral ? 1 : 2) && epoch >= 2;
                },
            }, cancellation);
            common = last; // Later hold-outs run no longer than the first, so that every mean is over all of them.
        }

        var curve = Enumerable.Range(0, common).Select(e => Score(recalls[e], ndcgs[e])).ToArray();
        int chosen = Array.IndexOf(curve, curve.Max());
        return (settings with { Epochs = chosen + 1 }, recalls[chosen], ndcgs[chosen], spreads[chosen], curve);
    }

    /// <summary>Models per hold-out, put together from parts that the last trials trained.</summary>
    private Model[] ModelsOf(LearnerSettings settings)
    {
        if (settings is SumSettings sum)
        {
            var (first, second) = (ModelsOf(sum.First), ModelsOf(sum.Second));
            return [.. holdouts.Select((_, h) => new SumModel(first[h], second[h], (float)sum.Weight))];
        }

        if (settings is HybridSettings hybrid)
        {
            var (factors, found) = (ModelsOf(hybrid.Factors), NeighboursOf(hybrid.Neighbourhood));
            return [.. holdouts.Select((_, h) => new HybridModel(factors[h], found[h].With((float)hybrid.Weight, (float)hybrid.Neighbourhood.HistoryPower)))];
        }

        string key = settings.ToJson();
        int at = trained.FindIndex(t => t.Key == key);
        if (at >= 0) return trained[at].Models;
        if (trained.Count == 2) trained.RemoveAt(0);
        trained.Add((key, [.. holdouts.Select((_, h) => Train(settings, h))]));
        return trained[^1].Models;
    }

    private ItemNeighbours[] NeighboursOf(NeighbourhoodSettings settings)
    {
        string key = (settings with { HistoryPower = 0 }).ToJson();
        if (neighbours?.Key != key) neighbours = (key, [.. holdouts.Select(h => settings.Find(h.Train, options.Threads, cancellation))]);
        return neighbours.Value.Found;
    }

    private EvaluationResult Evaluate(Model model, int h) =>
        Evaluation.Run(model, holdouts[h], new EvaluationOptions { K = options.K, Threads = options.Threads, BootstrapSamples = 0 }, cancellation);

    private Model Train(LearnerSettings settings, int h) => settings switch
    {
        IalsSettings ials => Ials.Train(MatrixOf(ials.HalfLife, h), holdouts[h].Train, ials, Options with { WarmStart = ials.Start == IalsStart.Spectral ? StartOf(ials, h) : null }, cancellation),
        SpectralSettings spectral => Spectral.Train(MatrixOf(spectral.HalfLife, h), spectral, BasisOf(spectral, h), Options, cancellation),
        _ => settings.Train(holdouts[h].Train, Options, cancellation),
    };

    private InteractionMatrix MatrixOf(double halfLife, int h)
    {
        if (halfLife == 0) return holdouts[h].Train;
        int at = aged.FindIndex(a => a.HalfLife == halfLife);
        if (at < 0)
        {
            if (aged.Count == 2) aged.RemoveAt(0);
            aged.Add((halfLife, new InteractionMatrix[holdouts.Length]));
            at = aged.Count - 1;
        }

        return aged[at].Aged[h] ??= holdouts[h].Train.Aged(halfLife);
    }

    private float[] BasisOf(SpectralSettings settings, int h)
    {
        var of = new SpectralSettings
        {
            Rank = settings.Rank,
            UserPower = settings.UserPower,
            ItemPower = settings.ItemPower,
            Smoothing = settings.Smoothing,
            PowerSteps = settings.PowerSteps,
            Seed = settings.Seed,
        };
        if (bases?.Of != of) bases = (of, new float[holdouts.Length][]);
        return bases.Value.Bases[h] ??= Spectral.Basis(holdouts[h].Train, settings, options.Threads, cancellation);
    }

    /// <summary>How far a user's scores lie apart, which puts different learners on one scale: standard deviation over items, mean over a sample of users.</summary>
    private double SpreadOf(Model model)
    {
        const int Sample = 50;
        var rows = holdouts[0].Train.Users;
        var tested = Enumerable.Range(0, rows.Count).Where(u => holdouts[0].Test.Length(u) > 0).ToArray();
        var factor = new float[model.Rank];
        var scores = new float[model.ItemCount];
        double sum = 0;
        int users = Math.Min(Sample, tested.Length);
        for (int n = 0; n < users; n++)
        {
            var history = rows.History(tested[(long)n * tested.Length / users]);
            model.FoldIn(history, factor);
            if (model.Neighbours is { } term) term.Score(history, scores);
            else scores.AsSpan().Clear();
            for (int i = 0; i < scores.Length; i++) scores[i] += Algebra.Vectors.Dot(factor, model.ItemFactors.Span.Slice(i * model.Rank, model.Rank));
            double mean = scores.Average(s => (double)s);
            sum += Math.Sqrt(scores.Average(s => (s - mean) * (s - mean)));
        }

        return Math.Max(sum / users, 1e-12);
    }

    private float[] StartOf(IalsSettings settings, int h)
    {
        if (starts?.Rank != settings.Rank) starts = (settings.Rank, new float[holdouts.Length][]);
        return starts.Value.Starts[h] ??= Ials.SpectralStart(holdouts[h].Train, settings, options.Threads, cancellation);
    }
}
