using System.Diagnostics.Metrics;
using Recommender.Recommend.Recording;

namespace Recommender.Recommend;

/// <summary>Meter <c>Recommender.Recommend</c>: answers by source with their time in seconds, and the version in service.</summary>
internal sealed class RecommendMetrics : IDisposable
{
    private readonly Meter _meter = new("Recommender.Recommend");
    private readonly Histogram<double> _duration;

    public RecommendMetrics(Recommender.Recommend.Serving.ServingIndexes serving, AnswerQueue records)
    {
        _duration = _meter.CreateHistogram<double>("recommender.recommend.duration", "s",
            "Time to compute and write an answer, the read of the user's value included, by source.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries =
                [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2]
            });
        _meter.CreateObservableGauge("recommender.recommend.model_version", () => serving.State.Model?.Version
            ?? 0, description: "Model version in service; 0 for none.");
        _meter.CreateObservableGauge("recommender.recommend.items_available", () => serving.State.Catalogue.Available, "{item}",
            "Items that may be recommended.");
        _meter.CreateObservableCounter("recommender.recommend.records_dropped", () => records.Dropped, "{answer}",
            "Answers that were not recorded because too many waited.");
        _meter.CreateObservableGauge("recommender.recommend.factor_store_up", () => serving.FactorStoreProblem is null ? 1
            : 0, description: "1 while the factor store answers.");
    }

    public void Record(string source, TimeSpan elapsed)
    {
        if (_duration.Enabled) _duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("recommender.source", source));
    }

    public void Dispose() => _meter.Dispose();
}
