using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Accepting;

/// <summary>Publishes single commands to the Trainer.</summary>
internal static class CommandSender
{
    /// <summary>Answers 202 when the command is durable.</summary>
    /// <exception cref="ProblemException">The broker is not available.</exception>
    public static async Task<JsonHttpResult<AcceptedResponse>> SendAsync(this GroupPublishers publishers, Command command)
    {
        await publishers.PublishAsync(command);
        var accepted = new AcceptedResponse { Accepted = 1 };
        return TypedResults.Json(accepted, ContractsJson.Default.AcceptedResponse, statusCode: StatusCodes.Status202Accepted);
    }

    /// <summary>Returns when the command is durable.</summary>
    /// <exception cref="ProblemException">The broker is not available.</exception>
    public static async Task PublishAsync(this GroupPublishers publishers, Command command)
    {
        publishers.Commands.ThrowIfUnavailable();
        var elements = new ElementBuffer();
        elements.Add(command, ContractsJson.Default.Command);
        await publishers.Commands.PublishAsync(elements);
        IngestTelemetry.Commands.Add(1);
    }
}
