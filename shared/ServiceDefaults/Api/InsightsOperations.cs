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
}
