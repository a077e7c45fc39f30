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
    private readonly List<Trial> trials = [];
    private readonly string data;

    // What trials share, per hold-out: the start of a rank, and the parts of sums and hybrids.
    private (int Rank, float[][] Starts)? starts;
    private readonly List<(string Key, Model[] Models)> trained = [];
    private (string Key, ItemNeighbours[] Found)? neighbours;

    public TuningTrials(Split[] holdouts, TuningOptions options, Func<double> clock, TuningState? resume, Action<TuningState>? progress, CancellationToken cancellation)
    {
        (this.holdouts, this.options, this.clock, this.progress, this.cancellation) = (holdouts, options, clock, progress, cancellation);
        data = string.Join(';', holdouts.Select(h => $"{h.Train.UserCount}x{h.Train.ItemCount}:{h.Train.Count}+{h.Test.Columns.Length}@{options.K}"));
        if (resume is null || resume.Data != data) return;
        foreach (var trial in resume.Trials)
        {
            trials.Add(trial);
            done[trial.Asked.ToJson()] = trial;
        }
    }

    public TuningState State => new(data, [.. trials]);

    public double SecondsSpent { get; private set; }

    public Trial Try(string stage, LearnerSettings settings)
    {
        string key = settings.ToJson();
        if (done.TryGetValue(key, out var known))
        {
            // Counted when the search comes by, so that a resumed search decides as the first one did.
            if (counted.Add(key)) SecondsSpent += known.Seconds;
            return known;
        }

        cancellation.ThrowIfCancellationRequested();
        double begin = clock();
        var (judged, recall, ndcg, curve) = settings switch
        {
            IalsSettings ials => Judge(ials),
            SumSettings or HybridSettings => Judge(settings, ModelsOf(settings)),
            _ => Judge(settings, [.. holdouts.Select(h => settings.Train(h.Train, Options, cancellation))]),
        };
        var trial = new Trial(trials.Count + 1, stage, settings, judged, (recall + ndcg) / 2, recall, ndcg, clock() - begin, curve);
        trials.Add(trial);
        done[key] = trial;
        counted.Add(key);
        SecondsSpent += trial.Seconds;
        progress?.Invoke(State);
        return trial;
    }

    private TrainOptions Options => new() { Threads = options.Threads };

    private (LearnerSettings, double, double, IReadOnlyList<double>) Judge(LearnerSettings settings, Model[] models)
    {
        double recall = 0, ndcg = 0;
        for (int h = 0; h < holdouts.Length; h++)
        {
            var result = Evaluate(models[h], h);
            recall += result.Recall / holdouts.Length;
            ndcg += result.Ndcg / holdouts.Length;
        }

        return (settings, recall, ndcg, [(recall + ndcg) / 2]);
    }

    /// <summary>Judges after every epoch on each hold-out, stops when two epochs bring nothing, and settles on the best mean.</summary>
    private (LearnerSettings, double, double, IReadOnlyList<double>) Judge(IalsSettings settings)
    {
        var recalls = new double[MostEpochs];
        var ndcgs = new double[MostEpochs];
        int common = MostEpochs;
        for (int h = 0; h < holdouts.Length; h++)
        {
            double best = 0;
            int bestEpoch = 0, last = 0;
            Ials.Train(holdouts[h].Train, settings with { Epochs = common }, Options with
            {
                WarmStart = settings.Start == IalsStart.Spectral ? StartOf(settings, h) : null,
                StopAfter = (epoch, model) =>
                {
                    var result = Evaluate(model, h);
                    recalls[epoch - 1] += result.Recall / holdouts.Length;
                    ndcgs[epoch - 1] += result.Ndcg / holdouts.Length;
                    last = epoch;
                    double score = result.Recall + result.Ndcg;
                    if (score > best * 1.0005) (best, bestEpoch) = (score, epoch);
                    return epoch >= bestEpoch + (settings.Start == IalsStart.Spectral ? 1 : 2) && epoch >= 2;
                },
            }, cancellation);
            common = last; // Later hold-outs run no longer than the first, so that every mean is over all of them.
        }

        int epochs = 1;
        for (int e = 2; e <= common; e++)
            if (recalls[e - 1] + ndcgs[e - 1] > recalls[epochs - 1] + ndcgs[epochs - 1]) epochs = e;
        return (settings with { Epochs = epochs }, recalls[epochs - 1], ndcgs[epochs - 1], [.. Enumerable.Range(0, common).Select(e => (recalls[e] + ndcgs[e]) / 2)]);
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
        trained.Add((key, [.. holdouts.Select(h => settings.Train(h.Train, Options, cancellation))]));
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

    private float[] StartOf(IalsSettings settings, int h)
    {
        if (starts?.Rank != settings.Rank) starts = (settings.Rank, new float[holdouts.Length][]);
        return starts.Value.Starts[h] ??= Ials.SpectralStart(holdouts[h].Train, settings, options.Threads, cancellation);
    }
}
