using Recommender.Contracts;
using Recommender.ServiceDefaults.Keys;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Operations on the state of the running system.</summary>
public static class StatusOperations
{
    public static Operation GetStatus { get; } = new()
    {
        Id = "GetStatus",
        Method = "GET",
        Pattern = "/v1/status",
        Service = Operations.Trainer,
        Scope = Scopes.Admin,
        Tag = Operations.OperationTag,
        Summary = "Get the status",
        Description = "Watermarks, lags, queue depths, the version in service, counters, the score mix, and the progress of "
            + "training.",
        Answers =
        [
            OperationAnswer.Of<StatusResponse>(200, "The status.", """
                { "at": "2026-01-01T00:00:00+00:00", "state": "ok", "problems": [],
                  "watermarks": { "accepted": 397884, "stored": 397884, "folded": 397884, "trained": 397884, "released": 397884 },
                  "lagSeconds": { "stored": 0, "folded": 0 }, "queueDepths": { "interactions": 0, "commands": 0 },
                  "stageMilliseconds": { "storing": { "p50": 2.1, "p99": 6.4 } }, "releasedVersion": 12, "users": 4338, "items": 3665,
                  "events": 397884, "training": "idle", "counters": { "duplicateEvents": 0, "conflictingEvents": 0, "droppedEvents": 0,
                  "ignoredItemChanges": 0 },
                  "scoreMix": { "number": 380000, "kinds": {
                    "known": { "weights": { "model": 1, "rules": 12, "recentDay": 0.5 }, "questions": 3120, "results": {
                      "model": { "hitRateAt20": 0.51, "mrrAt20": 0.2 }, "rules": { "hitRateAt20": 0.55, "mrrAt20": 0.26 },
                      "mix": { "hitRateAt20": 0.58, "mrrAt20": 0.27 } } } } } }
                """),
        ],
    };

    public static Operation GetServing { get; } = GetStatus with
    {
        Id = "GetServing",
        Pattern = "/v1/serving",
        Service = Operations.Recommend,
        Scope = Scopes.Read,
        Summary = "Get what an instance serves from",
        Description = "Model, catalogue and factor store of the instance of Recommend that answers. Through the gateway that is any of its "
            + "replicas.",
        Answers =
        [
            OperationAnswer.Of<ServingInfo>(200, "The state of the instance.", """
                { "modelVersion": 12, "learner": "ials", "rank": 64, "modelItems": 3665, "availableItems": 3665, "items": 3665,
                  "indexKind": "exact", "factorStore": "ok", "catalogueSequence": 7330, "generation": "4b1f0c", "similarUsers": 0,
                  "refreshedAt": "2026-01-01T00:00:00+00:00", "answers": 1204, "allocatedBytes": 73400320 }
                """),
        ],
    };

    public static Operation ListDeadLetters { get; } = GetStatus with
    {
        Id = "ListDeadLetters",
        Pattern = "/v1/deadletters",
        Summary = "List dead letters",
        Description = "Messages that cannot be processed, with the reason.",
        Parameters =
        [
            new("limit", ParameterKind.WholeNumber, "Maximum number of dead letters. Default 100.") { Minimum = 1, Maximum = 1000 },
        ],
        Answers =
        [
            OperationAnswer.Of<DeadLettersResponse>(200, "The number of dead letters, and the first of them.", """
                { "total": 1, "letters": [{ "id": "1", "stream": "interactions", "reason": "userId is required unless sessionId is given",
                  "failedAt": "2026-01-01T00:00:00+00:00", "body": "{\"itemId\":\"85123A\",\"type\":\"view\"}" }] }
                """),
        ],
    };

    public static Operation ReplayDeadLetters { get; } = GetStatus with
    {
        Id = "ReplayDeadLetters",
        Method = "POST",
        Pattern = "/v1/deadletters/replay",
        Summary = "Replay dead letters",
        Description = "Returns all dead letters to their streams, for example after a setting was corrected.",
        Answers =
        [
            OperationAnswer.Of<ReplayResponse>(200, "The number of messages returned.", """{ "replayed": 1 }"""),
        ],
    };
}
