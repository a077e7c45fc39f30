using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Storage.Insights;

namespace Recommender.Insights.Reporting;

/// <summary>Groups figures, and makes rates of sums.</summary>
internal static class Report
{
    public const string Hour = "hour", Day = "day", Placement = "placement", Kind = "kind", Source = "source", Model = "modelVersion";

    /// <summary>What rows can be grouped by.</summary>
    public static IReadOnlyList<string> Groups { get; } = [Hour, Day, Placement, Kind, Source, Model];

    /// <summary>Figures of a row that can be asked for, with what leaves them out.</summary>
    private static readonly Dictionary<string, Func<InsightsRow, InsightsRow>> s_metrics = new(StringComparer.Ordinal)
    {
        ["answers"] = row => row with { Answers = null },
        ["items"] = row => row with { Items = null },
        ["clicks"] = row => row with { Clicks = null },
        ["clickThroughRate"] = row => row with { ClickThroughRate = null },
        ["conversions"] = row => row with { Conversions = null },
        ["conversionRate"] = row => row with { ConversionRate = null },
        ["value"] = row => row with { Value = null },
        ["valuePer1000Answers"] = row => row with { ValuePer1000Answers = null },
        ["fallbackShare"] = row => row with { FallbackShare = null },
    };

    public static IReadOnlyCollection<string> Metrics => s_metrics.Keys;

    /// <param name="by">Of <see cref="Groups"/>.</param>
    /// <param name="metrics">Of <see cref="Metrics"/>; empty: all.</param>
    public static (IReadOnlyList<InsightsRow> Rows, InsightsRow Total) Of(IReadOnlyList<Figures> figures, IReadOnlyCollection<string> by,
        IReadOnlyCollection<string> metrics)
    {
        var rows = figures.GroupBy(f => (
                At: by.Contains(Hour) ? f.Hour : by.Contains(Day) ? (int)Math.Floor(f.Hour / 24.0) * 24 : 0,
                Placement: by.Contains(Placement) ? f.Placement : "",
                Kind: by.Contains(Kind) ? f.Kind : default,
                Source: by.Contains(Source) ? f.Source : "",
                Model: by.Contains(Model) ? f.ModelVersion : 0))
            .OrderBy(group => group.Key)
            .Select(group => RowOf([.. group]) with
            {
                At = by.Contains(Hour) || by.Contains(Day) ? DateTimeOffset.UnixEpoch.AddHours(group.Key.At) : null,
                Placement = by.Contains(Placement) ? group.Key.Placement : null,
                Kind = by.Contains(Kind) ? group.Key.Kind.ToString().ToLowerInvariant() : null,
                Source = by.Contains(Source) ? group.Key.Source : null,
                ModelVersion = by.Contains(Model) ? group.Key.Model : null,
            });
        return ([.. rows.Select(row => Pick(row, metrics))], Pick(RowOf(figures), metrics));
    }

    private static InsightsRow Pick(InsightsRow row, IReadOnlyCollection<string> metrics) => metrics.Count == 0 ? row
        : s_metrics.Where(metric => !metrics.Contains(metric.Key)).Aggregate(row, (picked, metric) => metric.Value(picked));

    private static InsightsRow RowOf(IReadOnlyList<Figures> figures)
    {
        double Sum(Func<Figures, double> of) => figures.Sum(of);
        double answers = Sum(f => f.Answers), recorded = Sum(f => f.Recorded), value = Sum(f => f.Value);
        var asked = figures.Where(f => f.Kind is AnswerKind.Recommendations).ToList();
        double fellBack = asked.Where(f => f.Source is Sources.Popular or Sources.Trending).Sum(f => f.Answers);
        return new InsightsRow
        {
            Answers = answers,
            Items = Sum(f => f.Items),
            Clicks = Sum(f => f.Clicks),
            ClickThroughRate = Share(Sum(f => f.ClickedAnswers)),
            Conversions = Sum(f => f.Conversions),
            ConversionRate = Share(Sum(f => f.ConvertedAnswers)),
            Value = value,
            ValuePer1000Answers = recorded > 0 ? ValuePer1000() : null,
            FallbackShare = asked.Count > 0 ? fellBack / asked.Sum(f => f.Answers) : null,
        };

        Estimate? Share(double part)
        {
            if (!(recorded > 0)) return null;
            var (low, high) = Intervals.OfShare(part / answers, recorded);
            return new Estimate(part / answers, low, high);
        }

        Estimate ValuePer1000()
        {
            double mean = value / answers;
            var (low, high) = Intervals.OfMean(mean, (Sum(f => f.ValueSquares) / answers) - (mean * mean), recorded);
            return new Estimate(1000 * mean, 1000 * low, 1000 * high);
        }
    }
}
