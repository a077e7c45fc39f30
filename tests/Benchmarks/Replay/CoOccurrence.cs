namespace Recommender.Benchmarks.Replay;

/// <summary>
/// Pairs of one session, decayed over 24 hours: what came after counts 1, what came before .3. The k-th newest item of a session weighs
/// .6^k.
/// </summary>
internal sealed class CoOccurrence : IReplayBaseline
{
    private const double DecayHours = 24, Backward = .3, PositionDecay = .6;

    private readonly Dictionary<int, Dictionary<int, double>> _rows = [];
    private long? _startMs;

    public string Name => "coOccurrence";

    public void Learn(ReplayClick click, IReadOnlyList<int> session)
    {
        _startMs ??= click.TimeMs;
        double exponent = (click.TimeMs - _startMs.Value) / (DecayHours * 3_600_000);
        if (exponent > 500)
        {
            foreach (var row in _rows.Values)
                foreach (int item in row.Keys) row[item] *= Math.Exp(-exponent);
            _startMs = click.TimeMs;
            exponent = 0;
        }

        double weight = Math.Exp(exponent);
        foreach (int before in session.Distinct())
        {
            if (before == click.Item) continue;
            Add(before, click.Item, weight);
            Add(click.Item, before, weight * Backward);
        }
    }

    public void Retrain()
    {
    }

    public void Score(IReadOnlyList<int> session, Dictionary<int, double> scores)
    {
        double weight = 1;
        for (int at = session.Count - 1; at >= 0; at--, weight *= PositionDecay)
        {
            if (!_rows.TryGetValue(session[at], out var row)) continue;
            foreach (var (item, count) in row) scores[item] = scores.GetValueOrDefault(item) + weight * count;
        }
    }

    private void Add(int from, int to, double weight)
    {
        if (!_rows.TryGetValue(from, out var row)) _rows[from] = row = [];
        row[to] = row.GetValueOrDefault(to) + weight;
    }
}
