namespace Recommender.Benchmarks.Replay;

/// <summary>Cosine of items over sessions, as of the last training; the score is a sum over the session.</summary>
internal sealed class ItemItem : IReplayBaseline
{
    private const int RowLength = 100, LongestSession = 100;

    private readonly Dictionary<int, List<int>> _sessions = [];
    private Dictionary<int, (int Item, double Cosine)[]> _rows = [];

    public string Name => "itemItem";

    public void Learn(ReplayClick click, IReadOnlyList<int> session)
    {
        if (!_sessions.TryGetValue(click.Session, out var items)) _sessions[click.Session] = items = [];
        if (!items.Contains(click.Item)) items.Add(click.Item);
    }

    public void Retrain()
    {
        var counts = new Dictionary<int, int>();
        var pairs = new Dictionary<(int, int), int>();
        foreach (var session in _sessions.Values)
        {
            var items = session.TakeLast(LongestSession).ToArray();
            foreach (int item in items) counts[item] = counts.GetValueOrDefault(item) + 1;
            for (int a = 0; a < items.Length; a++)
                for (int b = 0; b < items.Length; b++)
                    if (a != b) pairs[(items[a], items[b])] = pairs.GetValueOrDefault((items[a], items[b])) + 1;
        }

        _rows = pairs.GroupBy(pair => pair.Key.Item1).ToDictionary(row => row.Key, row => row
            .Select(pair => (Item: pair.Key.Item2, Cosine: pair.Value / Math.Sqrt((double)counts[row.Key] * counts[pair.Key.Item2])))
            .OrderByDescending(entry => entry.Cosine).ThenBy(entry => entry.Item).Take(RowLength).ToArray());
    }

    public void Score(IReadOnlyList<int> session, Dictionary<int, double> scores)
    {
        foreach (int item in session.Distinct())
        {
            if (!_rows.TryGetValue(item, out var row)) continue;
            foreach (var (other, cosine) in row) scores[other] = scores.GetValueOrDefault(other) + cosine;
        }
    }
}
