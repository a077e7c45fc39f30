using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Sessions.Transitions;

/// <summary>Sequential rules counted from sessions: the same table as the one that is updated per event, filled at once.</summary>
public sealed class TransitionRules : ISessionScorer
{
    /// <summary>Sessions have an order and no times: one stands for this many milliseconds.</summary>
    private const long SessionMs = 1000;

    private TransitionRules(int itemCount, TransitionTable table) => (ItemCount, Table) = (itemCount, table);

    public int ItemCount { get; }

    public TransitionTable Table { get; }

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public static TransitionRules Count(SessionData data, TransitionRuleSettings settings)
    {
        settings.Validate();
        long halfLife = settings.HalfLife == 0 ? 0 : Math.Max((long)(settings.HalfLife * data.Count * SessionMs), SessionMs);
        var table = new TransitionTable(settings.Table with { HalfLifeMs = halfLife });
        var weights = Enumerable.Range(0, settings.Window + 1).Select(
            d => (float)Math.Pow(Math.Max(d, 1), -settings.DistancePower)).ToArray();
        for (int s = 0; s < data.Count; s++)
        {
            var items = data[s];
            for (int to = 1; to < items.Length; to++)
            {
                for (int from = Math.Max(0, to - settings.Window); from < to; from++)
                {
                    float weight = weights[to - from];
                    table.Add(items[from], items[to], weight, s * SessionMs);
                    if (settings.Backward > 0 && items[from] != items[to])
                        table.Add(items[to], items[from], (float)(settings.Backward * weight), s * SessionMs);
                }
            }
        }

        return new TransitionRules(data.ItemCount, table);
    }

    public void Score(ReadOnlySpan<int> history, Span<float> scores)
    {
        scores[..ItemCount].Clear();
        Table.Score(history, scores[..ItemCount]);
    }
}
