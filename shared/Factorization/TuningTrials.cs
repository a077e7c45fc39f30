namespace Recommender.Factorization;

/// <summary>Trains and judges what tuning proposes, once each, and keeps account.</summary>
internal sealed class TuningTrials
{
    private const int MostEpochs = 16;

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
    private readonly int testedFirst;
    private Trial? leader; // Of those that were judged on all hold-outs.

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
        testedFirst = Enumerable.Range(0, holdouts[0].Test.Count).Count(u => holdouts[0].Test.Length(u) > 0);
        data = "sqrt(recall*ndcg), raced;" + string.Join(';', holdouts.Select(h => $"{h.Train.UserCount}x{h.Train.ItemCount}:{h.Train.Count}+{h.Test.Columns.Length}@{options.K}"));
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
        if (trial.First > 0 && (leader is null || trial.Score > leader.Score)) leader = trial;
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
        var judged = settings is IalsSettings ials ? Judge(ials) : Judge(settings);
        var trial = new Trial(trials.Count + 1, stage, settings, judged.Settings, Score(judged.Recall, judged.Ndcg), judged.Recall, judged.Ndcg, clock() - begin, judged.Curve, judged.Spread, judged.First);
        trials.Add(trial);
        done[key] = trial;
        counted.Add(key);
        Count(trial);
        progress?.Invoke(State);
        return trial;
    }

    /// <param name="First">Score on the first hold-out alone; 0 when the others were not asked.</param>
    private sealed record Judged(LearnerSettings Settings, double Recall, double Ndcg, IReadOnlyList<double> Curve, double Spread, double First);

    private TrainOptions Options => new() { Threads = options.Threads };

    /// <summary>The geometric mean, so that neither outweighs the other where one is far larger.</summary>
    private static double Score(double recall, double ndcg) => Math.Sqrt(recall * ndcg);

    private Judged Judge(LearnerSettings settings)
    {
        double recall = 0, ndcg = 0, first = 0, spread = 0;
        for (int h = 0; h < holdouts.Length; h++)
        {
            var model = ModelOf(settings, h);
            var result = Evaluate(model, h);
            recall += result.Recall;
            ndcg += result.Ndcg;
            if (h > 0) continue;
            spread = SpreadOf(model);
            first = Score(recall, ndcg);
            if (FarBehind(first) is { } scale) return new(settings, scale * recall, scale * ndcg, [scale * first], spread, 0);
        }

        (recall, ndcg) = (recall / holdouts.Length, ndcg / holdouts.Length);
        return new(settings, recall, ndcg, [Score(recall, ndcg)], spread, first);
    }

    /// <summary>
    /// Where there are several hold-outs, what is a tenth behind the best so far on the first one is not asked about the others: that time is better
    /// spent on other settings.
    /// </summary>
    /// <returns>What scores of the first hold-out are multiplied by to compare with means over all: as the best so far fared. Null: go on.</returns>
    private double? FarBehind(double first)
    {
        const double Near = .9;
        const int Enough = 200; // Of fewer users one hold-out says too little.
        if (holdouts.Length == 1 || leader is null || testedFirst < Enough) return null;
        return first < Near * leader.First ? leader.Score / leader.First : null;
    }

    /// <summary>Judges after every epoch on each hold-out, stops when two epochs bring nothing, and settles on the best mean.</summary>
    private Judged Judge(IalsSettings settings)
    {
        var spreads = new double[MostEpochs];
        var recalls = new double[MostEpochs];
        var ndcgs = new double[MostEpochs];
        int common = MostEpochs, judged = 0;
        double first = 0;
        double? behind = null;
        for (int h = 0; h < holdouts.Length && behind is null; h++)
        {
            double best = 0;
            int bestEpoch = 0, last = 0;
            Ials.Train(MatrixOf(settings.HalfLife, h), holdouts[h].Train, settings with { Epochs = common }, Options with
            {
                WarmStart = settings.Start == IalsStart.Spectral ? StartOf(settings, h) : null,
                StopAfter = (epoch, model) =>
                {
                    var result = Evaluate(model, h);
                    recalls[epoch - 1] += result.Recall;
                    ndcgs[epoch - 1] += result.Ndcg;
                    if (h == 0) spreads[epoch - 1] = SpreadOf(model);
                    last = epoch;
                    double score = Score(result.Recall, result.Ndcg);
                    if (score > best * 1.0005) (best, bestEpoch) = (score, epoch);
                    return epoch >= bestEpoch + (settings.Start == IalsStart.Spectral ? 1 : 2) && epoch >= 2;
                },
            }, cancellation);
            common = last; // Later hold-outs run no longer than the first, so that every mean is over all of them.
            judged++;
            if (h > 0) continue;
            first = best;
            behind = FarBehind(best);
        }

        double scale = behind ?? 1.0 / judged;
        var curve = Enumerable.Range(0, common).Select(e => scale * Score(recalls[e], ndcgs[e])).ToArray();
        int chosen = Array.IndexOf(curve, curve.Max());
        return new(settings with { Epochs = chosen + 1 }, scale * recalls[chosen], scale * ndcgs[chosen], curve, spreads[chosen], behind is null ? first : 0);
    }

    /// <summary>A hold-out's model; of sums and hybrids, put together from parts that the last trials trained.</summary>
    private Model ModelOf(LearnerSettings settings, int h) => settings switch
    {
        SumSettings sum => new SumModel(PartOf(sum.First, h), PartOf(sum.Second, h), (float)sum.Weight),
        HybridSettings hybrid => new HybridModel(PartOf(hybrid.Factors, h), NeighboursOf(hybrid.Neighbourhood, h).With((float)hybrid.Weight, (float)hybrid.Neighbourhood.HistoryPower)),
        CompressedSettings compressed => CompressedModel.Compress(PartOf(compressed.Of, h), holdouts[h].Train, compressed.Rank, options.Threads, cancellation),
        RecencySettings recency => new RecencyModel(PartOf(recency.Of, h), (float)recency.HalfLife),
        _ => Train(settings, h),
    };

    private Model PartOf(LearnerSettings settings, int h)
    {
        if (settings is SumSettings or HybridSettings) return ModelOf(settings, h);
        string key = settings.ToJson();
        int at = trained.FindIndex(t => t.Key == key);
        if (at < 0)
        {
            if (trained.Count == 4) trained.RemoveAt(0);
            trained.Add((key, new Model[holdouts.Length]));
            at = trained.Count - 1;
        }

        var models = trained[at].Models;
        return models[h] ??= ModelOf(settings, h);
    }

    private ItemNeighbours NeighboursOf(NeighbourhoodSettings settings, int h)
    {
        string key = (settings with { HistoryPower = 0 }).ToJson();
        if (neighbours?.Key != key) neighbours = (key, new ItemNeighbours[holdouts.Length]);
        return neighbours.Value.Found[h] ??= settings.Find(holdouts[h].Train, options.Threads, cancellation);
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
