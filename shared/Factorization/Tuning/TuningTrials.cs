using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Spectral;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Tuning;

/// <summary>Trains and evaluates the proposals of a search, each only once, and records the trials.</summary>
internal sealed class TuningTrials
{
    private const int MaxEpochs = 16;

    private readonly Split[] _holdouts;
    private readonly TuningOptions _options;
    private readonly Func<double> _clock;
    private readonly Action<TuningState>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<string, Trial> _done = [];
    private readonly HashSet<string> _counted = [];
    private readonly List<Trial> _seen = [];
    private readonly List<Trial> _trials = [];
    private readonly string _data;
    private readonly int _testedFirst;
    private Trial? _leader; // Of those that were judged on all hold-outs.

    // Shared by trials, per hold-out: the initial factors of a rank, and the parts of sums and hybrids.
    private (int Rank, float[][] Starts)? _starts;
    private readonly List<(string Key, Model[] Models)> _trained = [];
    private (SpectralSettings Of, float[][] Bases)? _bases;
    private readonly List<(double HalfLife, InteractionMatrix[] Aged)> _aged = [];
    private (string Key, ItemNeighbours[] Found)? _neighbours;

    public TuningTrials(Split[] holdouts, TuningOptions options, Func<double> clock, TuningState? resume, Action<TuningState>? progress,
        CancellationToken cancellation)
    {
        (this._holdouts, this._options, this._clock, this._progress, this._cancellation) =
            (holdouts, options, clock, progress, cancellation);
        // Includes the definition of the score, because other scores are not comparable.
        _testedFirst = Enumerable.Range(0, holdouts[0].Test.Count).Count(u => holdouts[0].Test.Length(u) > 0);
        _data = "sqrt(recall*ndcg), raced;" + string.Join(';',
            holdouts.Select(h => $"{h.Train.UserCount}x{h.Train.ItemCount}:{h.Train.Count}+{h.Test.Columns.Length}@{options.K}"));
        if (resume is null || resume.Data != _data) return;
        foreach (var trial in resume.Trials)
        {
            _trials.Add(trial);
            _done[trial.Asked.ToJson()] = trial;
        }
    }

    public TuningState State => new(_data, [.. _trials]);

    public double SecondsSpent { get; private set; }

    /// <summary>Trials this run has used, in order; from a resumed state only those it requested again.</summary>
    public IReadOnlyList<Trial> Seen => _seen;

    private void Count(Trial trial)
    {
        SecondsSpent += trial.Seconds;
        _seen.Add(trial);
        if (trial.First > 0 && (_leader is null || trial.Score > _leader.Score)) _leader = trial;
    }

    public Trial Try(string stage, LearnerSettings settings)
    {
        string key = settings.ToJson();
        if (_done.TryGetValue(key, out var known))
        {
            // Counted when the search requests it, so that a resumed search makes the same decisions.
            if (_counted.Add(key)) Count(known);
            return known;
        }

        _cancellation.ThrowIfCancellationRequested();
        double begin = _clock();
        var judged = settings is IalsSettings ials ? Judge(ials) : Judge(settings);
        var trial = new Trial(_trials.Count + 1, stage, settings, judged.Settings, Score(judged.Recall, judged.Ndcg), judged.Recall,
            judged.Ndcg, _clock() - begin, judged.Curve, judged.Spread, judged.First);
        _trials.Add(trial);
        _done[key] = trial;
        _counted.Add(key);
        Count(trial);
        _progress?.Invoke(State);
        return trial;
    }

    /// <param name="First">Score on the first hold-out only; 0 if the others were not judged.</param>
    private sealed record Judged(LearnerSettings Settings, double Recall, double Ndcg, IReadOnlyList<double> Curve, double Spread,
        double First);

    private TrainOptions Options => new() { Threads = _options.Threads };

    /// <summary>The geometric mean, so that a much larger metric does not dominate.</summary>
    private static double Score(double recall, double ndcg) => Math.Sqrt(recall * ndcg);

    private Judged Judge(LearnerSettings settings)
    {
        double recall = 0, ndcg = 0, first = 0, spread = 0;
        for (int h = 0; h < _holdouts.Length; h++)
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

        (recall, ndcg) = (recall / _holdouts.Length, ndcg / _holdouts.Length);
        return new(settings, recall, ndcg, [Score(recall, ndcg)], spread, first);
    }

    /// <summary>
    /// Whether a trial is more than a tenth behind the best on the first of several hold-outs. It then skips the others, to save time for
    /// other settings.
    /// </summary>
    /// <returns>Factor from scores on the first hold-out to means over all, as for the best trial. Null: the trial continues.</returns>
    private double? FarBehind(double first)
    {
        const double Near = .9;
        const int Enough = 200; // With fewer users one hold-out is too noisy.
        if (_holdouts.Length == 1 || _leader is null || _testedFirst < Enough) return null;
        return first < Near * _leader.First ? _leader.Score / _leader.First : null;
    }

    /// <summary>
    /// Evaluates each hold-out after every epoch, stops after two epochs without a gain, and returns the epoch with the best mean.
    /// </summary>
    private Judged Judge(IalsSettings settings)
    {
        var spreads = new double[MaxEpochs];
        var recalls = new double[MaxEpochs];
        var ndcgs = new double[MaxEpochs];
        int common = MaxEpochs, judged = 0;
        double first = 0;
        double? behind = null;
        for (int h = 0; h < _holdouts.Length && behind is null; h++)
        {
            double best = 0;
            int bestEpoch = 0, last = 0;
            IalsTrainer.Train(MatrixOf(settings.HalfLife, h), _holdouts[h].Train, settings with { Epochs = common }, Options with
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
            }, _cancellation);
            common = last; // Later hold-outs run no longer than the first, so that every mean is over all of them.
            judged++;
            if (h > 0) continue;
            first = best;
            behind = FarBehind(best);
        }

        double scale = behind ?? 1.0 / judged;
        var curve = Enumerable.Range(0, common).Select(e => scale * Score(recalls[e], ndcgs[e])).ToArray();
        int chosen = Array.IndexOf(curve, curve.Max());
        return new(settings with { Epochs = chosen + 1 }, scale * recalls[chosen], scale * ndcgs[chosen], curve, spreads[chosen],
            behind is null ? first : 0);
    }

    /// <summary>The model of a hold-out. Sums and hybrids are composed of parts that earlier trials trained.</summary>
    private Model ModelOf(LearnerSettings settings, int h) => settings switch
    {
        SumSettings sum => new SumModel(PartOf(sum.First, h), PartOf(sum.Second, h), (float)sum.Weight),
        HybridSettings hybrid => new HybridModel(PartOf(hybrid.Factors, h),
            NeighboursOf(hybrid.Neighbourhood, h).With((float)hybrid.Weight, (float)hybrid.Neighbourhood.HistoryPower)),
        CompressedSettings compressed => CompressedModel.Compress(PartOf(compressed.Of, h), _holdouts[h].Train, compressed.Rank,
            _options.Threads, _cancellation),
        RecencySettings recency => new RecencyModel(PartOf(recency.Of, h), (float)recency.HalfLife),
        _ => Train(settings, h),
    };

    private Model PartOf(LearnerSettings settings, int h)
    {
        if (settings is SumSettings or HybridSettings) return ModelOf(settings, h);
        string key = settings.ToJson();
        int at = _trained.FindIndex(t => t.Key == key);
        if (at < 0)
        {
            if (_trained.Count == 4) _trained.RemoveAt(0);
            _trained.Add((key, new Model[_holdouts.Length]));
            at = _trained.Count - 1;
        }

        var models = _trained[at].Models;
        return models[h] ??= ModelOf(settings, h);
    }

    private ItemNeighbours NeighboursOf(NeighbourhoodSettings settings, int h)
    {
        string key = (settings with { HistoryPower = 0 }).ToJson();
        if (_neighbours?.Key != key) _neighbours = (key, new ItemNeighbours[_holdouts.Length]);
        return _neighbours.Value.Found[h] ??= settings.Find(_holdouts[h].Train, _options.Threads, _cancellation);
    }

    private EvaluationResult Evaluate(Model model, int h) =>
        Evaluation.Run(model, _holdouts[h], new EvaluationOptions { K = _options.K, Threads = _options.Threads, BootstrapSamples = 0 },
        _cancellation);

    private Model Train(LearnerSettings settings, int h) => settings switch
    {
        IalsSettings ials => IalsTrainer.Train(MatrixOf(ials.HalfLife, h), _holdouts[h].Train, ials,
            Options with { WarmStart = ials.Start == IalsStart.Spectral ? StartOf(ials, h) : null }, _cancellation),
        SpectralSettings spectral => SpectralTrainer.Train(MatrixOf(spectral.HalfLife, h), spectral, BasisOf(spectral, h), Options,
            _cancellation),
        _ => settings.Train(_holdouts[h].Train, Options, _cancellation),
    };

    private InteractionMatrix MatrixOf(double halfLife, int h)
    {
        if (halfLife == 0) return _holdouts[h].Train;
        int at = _aged.FindIndex(a => a.HalfLife == halfLife);
        if (at < 0)
        {
            if (_aged.Count == 2) _aged.RemoveAt(0);
            _aged.Add((halfLife, new InteractionMatrix[_holdouts.Length]));
            at = _aged.Count - 1;
        }

        return _aged[at].Aged[h] ??= _holdouts[h].Train.Aged(halfLife);
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
        if (_bases?.Of != of) _bases = (of, new float[_holdouts.Length][]);
        return _bases.Value.Bases[h] ??= SpectralTrainer.Basis(_holdouts[h].Train, settings, _options.Threads, _cancellation);
    }

    /// <summary>
    /// Standard deviation of a user's scores over items, as a mean over a sample of users. It puts different learners on one scale.
    /// </summary>
    private double SpreadOf(Model model)
    {
        const int Sample = 50;
        var rows = _holdouts[0].Train.Users;
        var tested = Enumerable.Range(0, rows.Count).Where(u => _holdouts[0].Test.Length(u) > 0).ToArray();
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
            for (int i = 0; i < scores.Length; i++) scores[i] += Vectors.Dot(factor,
                model.ItemFactors.Span.Slice(i * model.Rank, model.Rank));
            double mean = scores.Average(s => (double)s);
            sum += Math.Sqrt(scores.Average(s => (s - mean) * (s - mean)));
        }

        return Math.Max(sum / users, 1e-12);
    }

    private float[] StartOf(IalsSettings settings, int h)
    {
        if (_starts?.Rank != settings.Rank) _starts = (settings.Rank, new float[_holdouts.Length][]);
        return _starts.Value.Starts[h] ??= IalsTrainer.SpectralStart(_holdouts[h].Train, settings, _options.Threads, _cancellation);
    }
}
