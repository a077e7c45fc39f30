using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Insights.Reporting;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;
using Recommender.Storage;

namespace Recommender.Insights.Endpoints;

/// <summary>What was shown, and what came of it: <c>/v1/insights</c>.</summary>
internal static class FigureEndpoints
{
    private const int DefaultDays = 7, LongestDays = 366;

    public static void Map(WebApplication app) => app.MapOperation(InsightsOperations.GetInsights, GetAsync);

    private static async Task<Results<Ok<InsightsResponse>, Problem>> GetAsync(string? placement, string? from, string? to, string? by,
        string? metric, IStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var end = clock.GetUtcNow();
        if (to is not null && !Rfc3339.TryParse(to, out end, out string? toError)) return Problem.InvalidField("to", toError);
        var start = end.AddDays(-DefaultDays);
        if (from is not null && !Rfc3339.TryParse(from, out start, out string? fromError)) return Problem.InvalidField("from", fromError);
        if (!TryList(by, Report.Groups, out var groups))
            return Problem.InvalidField("by", $"must be a list of {string.Join(", ", Report.Groups)}");
        if (groups.Contains(Report.Hour) && groups.Contains(Report.Day))
            return Problem.InvalidField("by", "must have one of hour and day");
        if (!TryList(metric, Report.Metrics, out var metrics))
            return Problem.InvalidField("metric", $"must be a list of {string.Join(", ", Report.Metrics)}");
        if (placement is { Length: > 0 } && Limits.NameError(placement) is { } nameError)
            return Problem.InvalidField("placement", nameError);
        if (start > end || end - start > TimeSpan.FromDays(LongestDays))
            return Problem.InvalidField("from", $"must be before to, by at most {LongestDays} days");

        var figures = await store.ReadFiguresAsync(start, end, placement, cancellationToken);
        var showings = await store.ReadShowingsAsync(start, end, placement, cancellationToken);
        int items = (int)Math.Max((await store.GetStatusAsync(cancellationToken)).Items, showings.Count);
        var (rows, total) = Report.Of(figures, groups, metrics);
        return TypedResults.Ok(new InsightsResponse
        {
            From = start,
            To = end,
            By = groups,
            Rows = rows,
            Total = total,
            CatalogueShare = items > 0 ? (double)showings.Count / items : null,
            ExposureGini = showings.Count > 0 ? Intervals.Gini(showings, items) : null,
        });
    }

    /// <summary>Splits a list of names by commas. False if one is unknown, or there twice.</summary>
    private static bool TryList(string? text, IEnumerable<string> known, out IReadOnlyList<string> names)
    {
        names = text is null ? [] : text.Split(',', StringSplitOptions.TrimEntries);
        return names.All(known.Contains) && names.Distinct().Count() == names.Count;
    }
}
