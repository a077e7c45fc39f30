namespace Recommender.Benchmarks.Replay;

/// <summary>
/// VMIS-kNN (Kersbergen et al., SIGMOD 2022), updated click by click, with the settings that were best on a sample of the newest clicks of
/// the warm part.
/// </summary>
internal sealed class TunedSessionKnn : IReplayBaseline
{
    private readonly SessionStore _store = new(SessionKnnSettings.Grid.Max(settings => settings.SessionsPerItem));
    private readonly double[] _reciprocalRanks = new double[SessionKnnSettings.Grid.Count];

    public string Name => "sessionKnn";

    public SessionKnnSettings Settings { get; private set; } = SessionKnnSettings.Grid[0];

    public void Learn(ReplayClick click, IReadOnlyList<int> session) => _store.Learn(click);

    public void Retrain()
    {
    }

    /// <summary>Judges every setting on one click of the warm part; the best so far is used from now on.</summary>
    public void Tune(IReadOnlyList<int> session, int target, bool repeats)
    {
        for (int n = 0; n < _reciprocalRanks.Length; n++)
        {
            var scores = new Dictionary<int, double>();
            Score(SessionKnnSettings.Grid[n], session, scores);
            int at = Array.IndexOf(ReplayJudge.Top(scores, repeats ? [] : session), target);
            if (at >= 0) _reciprocalRanks[n] += 1.0 / (1 + at);
        }

        Settings = SessionKnnSettings.Grid[Array.IndexOf(_reciprocalRanks, _reciprocalRanks.Max())];
    }

    public void Score(IReadOnlyList<int> session, Dictionary<int, double> scores) => Score(Settings, session, scores);

    private void Score(SessionKnnSettings settings, IReadOnlyList<int> session, Dictionary<int, double> scores)
    {
        var similarities = new Dictionary<int, (double Similarity, int Distance)>();
        var seen = new HashSet<int>();
        for (int distance = 0; distance < session.Count; distance++)
        {
            int item = session[session.Count - 1 - distance];
            if (!seen.Add(item)) continue;
            double weight = settings.PositionDecay == 0
                ? (session.Count - distance) / (double)session.Count : Math.Pow(settings.PositionDecay, distance);
            foreach (int neighbour in _store.SessionsOf(item).Take(settings.SessionsPerItem))
            {
                var (similarity, nearest) = similarities.GetValueOrDefault(neighbour, (0, distance));
                similarities[neighbour] = (similarity + weight, nearest);
            }
        }

        var best = similarities.OrderByDescending(s => s.Value.Similarity).ThenByDescending(s => s.Key).Take(settings.Neighbours);
        foreach (var (neighbour, (similarity, nearest)) in best)
        {
            double vote = similarity * (settings.UsesMatchDistance ? Math.Max(1 - .1 * nearest, 0) : 1);
            foreach (int item in _store.ItemsOf(neighbour))
            {
                double idf = settings.UsesIdf ? Math.Log(1 + _store.SessionCount / (double)_store.CountOf(item)) : 1;
                scores[item] = scores.GetValueOrDefault(item) + vote * idf;
            }
        }
    }
}
