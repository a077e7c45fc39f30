using Recommender.Contracts.Served;
using Recommender.ServiceDefaults.Keys;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Operations on what was returned, and what came of it.</summary>
public static class InsightsOperations
{
    public static Operation GetServedAnswer { get; } = new()
    {
        Id = "GetServedAnswer",
        Method = "GET",
        Pattern = "/v1/recommendations/{recommendationId}",
        Service = Operations.Insights,
        Scope = Scopes.Admin,
        Tag = Operations.InsightsTag,
        Summary = "Get an answer that was returned",
        Description = "What was shown to whom, for the time of retention. Answers are there about a second after they were returned.",
        Parameters =
        [
            new("recommendationId", ParameterKind.Text, "The `recommendationId` of the answer.")
            {
                Place = ParameterPlace.Path,
                Example = "4f0c7b1e2a9d1f604f0c7b1e2a9d1f60",
            },
        ],
        Answers =
        [
            OperationAnswer.Of<ServedAnswerResponse>(200, "The answer.", """
                { "recommendationId": "4f0c7b1e2a9d1f604f0c7b1e2a9d1f60", "at": "2026-01-01T00:00:00+00:00", "kind": "recommendations",
                  "source": "personal", "placement": "home", "userId": "17850", "modelVersion": 12, "share": 1,
                  "items": [{ "itemId": "22423", "title": "REGENCY CAKESTAND 3 TIER", "score": 0.83 }] }
                """),
        ],
        Problems = [404],
    };

    public static Operation GetInsights { get; } = GetServedAnswer with
    {
        Id = "GetInsights",
        Pattern = "/v1/insights",
        Summary = "Get figures of answers and their outcomes",
        Description = "Clicks, purchases and their value for the answers of a time span, with 95 % confidence intervals. An outcome is "
            + "attributed to the answer that its event names by `recommendationId`, else to the last answer within 24 hours in which its "
            + "user or session was shown the item.",
        Parameters =
        [
            new("placement", ParameterKind.Text, "Only answers of this placement."),
            new("from", ParameterKind.Text, "Start of the time span. Default: 7 days before its end."),
            new("to", ParameterKind.Text, "End of the time span. Default: now."),
            new("by", ParameterKind.Text, "What rows are grouped by, separated by commas: `hour` or `day`, `placement`, `kind`, `source`, "
                + "`modelVersion`. Default: one row."),
            new("metric", ParameterKind.Text, "Figures of each row, separated by commas. Default: all."),
        ],
        Answers =
        [
            OperationAnswer.Of<InsightsResponse>(200, "The figures.", """
                { "from": "2026-01-01T00:00:00+00:00", "to": "2026-01-08T00:00:00+00:00", "by": ["source"],
                  "rows": [{ "source": "personal", "answers": 2000, "items": 40000, "clicks": 310,
                    "clickThroughRate": { "mean": 0.12, "low": 0.106, "high": 0.135 }, "conversions": 40,
                    "conversionRate": { "mean": 0.02, "low": 0.015, "high": 0.027 }, "value": 800,
                    "valuePer1000Answers": { "mean": 400, "low": 270, "high": 530 }, "fallbackShare": 0 }],
                  "total": { "answers": 2000, "items": 40000, "clicks": 310,
                    "clickThroughRate": { "mean": 0.12, "low": 0.106, "high": 0.135 }, "conversions": 40,
                    "conversionRate": { "mean": 0.02, "low": 0.015, "high": 0.027 }, "value": 800,
                    "valuePer1000Answers": { "mean": 400, "low": 270, "high": 530 }, "fallbackShare": 0 },
                  "catalogueShare": 0.31, "exposureGini": 0.87 }
                """),
        ],
        Problems = [],
    };
}
