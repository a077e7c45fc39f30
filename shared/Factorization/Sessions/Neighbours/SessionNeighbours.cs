using System.Collections.Concurrent;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Sessions.Neighbours;

/// <summary>
/// Nearest sessions (VS-kNN: Ludewig, Jannach 2018; the index of VMIS-kNN: Kersbergen et al. 2022; distance weights after STAN: Garg et al.
/// 2019): items of the newest sessions that share items with the history, weighted by how similar and how near. Immutable and safe for
/// concurrent use.
/// </summary>
public sealed class SessionNeighbours : ISessionScorer
{
    /// <summary>Items further from a match than this count as if they were this far.</summary>
    private const int DistanceLimit = 64;

    private readonly SessionData _data;
    private readonly int[] _starts;
    private readonly int[] _sessions;
    private readonly float[] _itemWeights;
    private readonly float[] _positionWeights;
    private readonly float[] _distanceWeights;
    private readonly ConcurrentBag<Workspace> _workspaces = [];

    /// <param name="data">In time order; is kept.</param>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public SessionNeighbours(SessionData data, SessionNeighbourSettings settings)
    {
        settings.Validate();
        (_data, Settings) = (data, settings);
        (_starts, _sessions) = Invert(data, settings.SessionsPerItem);
        _positionWeights = [.. Enumerable.Range(0, settings.HistoryLength).Select(n => (float)Math.Pow(settings.PositionDecay, n))];
        _distanceWeights = [.. Enumerable.Range(0, DistanceLimit).Select(n => (float)Math.Pow(settings.DistanceDecay, Math.Max(n - 1, 0)))];
        _itemWeights = [.. data.CountItems().Select(
            c => (float)Math.Pow(Math.Log(1 + (data.Count / Math.Max(c, 1))), settings.InverseFrequencyPower))];
    }

    public SessionNeighbourSettings Settings { get; }

    public int ItemCount => _data.ItemCount;

    public void Score(ReadOnlySpan<int> history, Span<float> scores)
    {
        scores[..ItemCount].Clear();
        var work = Rent();
        foreach (var (session, similarity) in Find(history, work))
        {
            var items = _data[session];
            int match = FindNewestMatch(items, history);
            for (int p = 0; p < items.Length; p++) scores[items[p]] += similarity * WeightOf(items, p, match);
        }

        _workspaces.Add(work);
    }

    /// <summary>
    /// What each item of the history adds to the score of <paramref name="item"/>: its part of each neighbour's similarity.
    /// </summary>
    /// <returns>The score: the sum of the contributions up to rounding.</returns>
    public float Explain(ReadOnlySpan<int> history, int item, Span<float> contributions)
    {
        contributions[..history.Length].Clear();
        float score = 0;
        var work = Rent();
        foreach (var (session, similarity) in Find(history, work))
        {
            var items = _data[session];
            float weight = 0;
            int match = FindNewestMatch(items, history);
            for (int p = 0; p < items.Length; p++)
                if (items[p] == item) weight += WeightOf(items, p, match);
            if (weight == 0) continue;
            score += similarity * weight;
            float matched = 0;
            for (int n = 0; n < Math.Min(history.Length, Settings.HistoryLength); n++)
                if (Matches(history, n, items)) matched += _positionWeights[n];
            for (int n = 0; n < Math.Min(history.Length, Settings.HistoryLength); n++)
                if (Matches(history, n, items))
                    contributions[history.Length - 1 - n] += similarity * weight * _positionWeights[n] / matched;
        }

        _workspaces.Add(work);
        return score;
    }

    /// <summary>The most similar sessions, ties to the newer one.</summary>
    private List<(int Session, float Similarity)> Find(ReadOnlySpan<int> history, Workspace work)
    {
        work.Clear();
        int length = Math.Min(history.Length, Settings.HistoryLength);
        for (int n = 0; n < length; n++)
        {
            int item = history[^(n + 1)];
            if (IsRepeated(history, n)) continue;
            for (int at = _starts[item]; at < _starts[item + 1]; at++)
            {
                int session = _sessions[at];
                if (work.Similarities[session] == 0) work.Touched.Add(session);
                work.Similarities[session] += _positionWeights[n];
            }
        }

        foreach (int session in work.Touched)
        {
            double similarity = work.Similarities[session];
            if (Settings.LengthPower > 0) similarity *= Math.Pow(_data[session].Length, -Settings.LengthPower);
            if (Settings.HalfLife > 0) similarity *= Math.Pow(.5, (_data.Count - 1 - session) / (Settings.HalfLife * _data.Count));
            work.Found.Add((session, (float)similarity));
        }

        if (work.Found.Count > Settings.Neighbours)
        {
            work.Found.Sort(static (a, b) => a.Similarity != b.Similarity ? b.Similarity.CompareTo(a.Similarity)
                : b.Session.CompareTo(a.Session));
            work.Found.RemoveRange(Settings.Neighbours, work.Found.Count - Settings.Neighbours);
        }

        return work.Found;
    }

    /// <summary>Where in a neighbour the newest item of the history that it holds stands last.</summary>
    private static int FindNewestMatch(ReadOnlySpan<int> items, ReadOnlySpan<int> history)
    {
        for (int n = history.Length - 1; n >= 0; n--)
            if (items.LastIndexOf(history[n]) is >= 0 and var at) return at;
        return -1;
    }

    private float WeightOf(ReadOnlySpan<int> items, int position, int match)
    {
        if (position == match) return (float)Settings.MatchWeight * _itemWeights[items[position]];
        float weight = _distanceWeights[Math.Min(Math.Abs(position - match), DistanceLimit - 1)] * _itemWeights[items[position]];
        return position < match ? (float)Settings.Backward * weight : weight;
    }

    private static bool Matches(ReadOnlySpan<int> history, int newest, ReadOnlySpan<int> items) =>
        !IsRepeated(history, newest) && items.Contains(history[^(newest + 1)]);

    /// <summary>Whether the n-th newest item of the history occurs again later.</summary>
    private static bool IsRepeated(ReadOnlySpan<int> history, int newest) => history[^newest..].Contains(history[^(newest + 1)]);

    /// <summary>The newest sessions of each item, newest first.</summary>
    private static (int[] Starts, int[] Sessions) Invert(SessionData data, int limit)
    {
        var newest = new int[data.ItemCount];
        var counts = new int[data.ItemCount];
        Array.Fill(newest, -1);
        Visit((item, _) => counts[item]++);
        var starts = new int[data.ItemCount + 1];
        for (int i = 0; i < data.ItemCount; i++) starts[i + 1] = starts[i] + counts[i];
        var sessions = new int[starts[^1]];
        Array.Fill(newest, -1);
        Array.Clear(counts);
        Visit((item, session) => sessions[starts[item] + counts[item]++] = session);
        return (starts, sessions);

        void Visit(Action<int, int> found)
        {
            for (int s = data.Count - 1; s >= 0; s--)
            {
                foreach (int item in data[s])
                {
                    if (newest[item] == s || counts[item] == limit) continue;
                    newest[item] = s;
                    found(item, s);
                }
            }
        }
    }

    private Workspace Rent() => _workspaces.TryTake(out var work) ? work : new Workspace(_data.Count);

    private sealed class Workspace(int sessions)
    {
        public float[] Similarities { get; } = new float[sessions];

        public List<int> Touched { get; } = [];

        public List<(int Session, float Similarity)> Found { get; } = [];

        public void Clear()
        {
            foreach (int session in Touched) Similarities[session] = 0;
            Touched.Clear();
            Found.Clear();
        }
    }
}
