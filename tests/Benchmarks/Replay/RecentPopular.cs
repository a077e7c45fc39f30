namespace Recommender.Benchmarks.Replay;

/// <summary>Clicks of the last hours, decayed exponentially by event time.</summary>
internal sealed class RecentPopular(double decayHours) : IReplayBaseline
{
    private readonly Dictionary<int, double> _counts = [];
    private long? _startMs;

    public string Name => "recentPopular";

    public void Learn(ReplayClick click, IReadOnlyList<int> session)
    {
        _startMs ??= click.TimeMs;
        // Forward decay: a weight grows with the time of its click. Rescaled before it could overflow.
        double exponent = (click.TimeMs - _startMs.Value) / (decayHours * 3_600_000);
        if (exponent > 500)
        {
            foreach (int item in _counts.Keys) _counts[item] *= Math.Exp(-exponent);
            _startMs = click.TimeMs;
            exponent = 0;
        }

        _counts[click.Item] = _counts.GetValueOrDefault(click.Item) + Math.Exp(exponent);
    }

    public void Retrain()
    {
    }

    public void Score(IReadOnlyList<int> session, Dictionary<int, double> scores)
    {
        foreach (var (item, count) in _counts) scores[item] = count;
    }
}
