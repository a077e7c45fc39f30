using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Trainer.Endpoints;

/// <summary>Dead letters: <c>/v1/deadletters</c>.</summary>
internal static class DeadLetterEndpoints
{
    private const int DefaultLimit = 100;

    public static void Map(WebApplication app)
    {
        app.MapOperation(StatusOperations.ListDeadLetters, ListAsync);
        app.MapOperation(StatusOperations.ReplayDeadLetters, ReplayAsync);
    }

    private static async Task<Results<Ok<DeadLettersResponse>, Problem>> ListAsync(IStreamAdministration streams, int? limit,
        CancellationToken cancellationToken)
    {
        if (ListLimit.ErrorOf(limit) is { } error) return error;
        return TypedResults.Ok(await streams.ListDeadLettersAsync(limit ?? DefaultLimit, cancellationToken));
    }

    private static async Task<Ok<ReplayResponse>> ReplayAsync(IStreamAdministration streams, CancellationToken cancellationToken) =>
        TypedResults.Ok(new ReplayResponse(await streams.ReplayDeadLettersAsync(cancellationToken)));
}
