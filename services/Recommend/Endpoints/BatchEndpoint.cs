using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Recommend.Requests;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Endpoints;

/// <summary><c>POST /v1/recommendations/batch</c>: the same wishes for many users, one line of NDJSON for each, streamed in the order
/// given.</summary>
internal static class BatchEndpoint
{
    /// <summary>Users read from the factor store at once, and answered before anything waits for the network.</summary>
    private const int Block = 64;

    public static void Map(IEndpointRouteBuilder routes, Answers answers) =>
        routes.MapOperation(RecommendationOperations.PostRecommendationBatch, context => PostAsync(context, answers));

    private static async Task PostAsync(HttpContext context, Answers answers)
    {
        var body = await context.ReadJsonAsync(ContractsJson.Default.BatchRequest);

        // Everything that can be wrong is found before the first line goes out.
        var request = answers.Reader.Read(body);
        var userIds = body.UserIds!;
        var response = context.Response;
        response.ContentType = "application/x-ndjson";
        var values = new PooledValue[Block];
        for (int from = 0; from < userIds.Count; from += Block)
        {
            int count = Math.Min(Block, userIds.Count - from);
            await ReadAsync(answers, userIds, from, values.AsMemory(0, count));
            WriteBlock(context, answers, request, userIds, from, values.AsSpan(0, count));
            await response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    private static async Task ReadAsync(Answers answers, IReadOnlyList<string> userIds, int from, Memory<PooledValue> values)
    {
        // All reads of a block are on their way before the first is waited for.
        var reads = new Task<PooledValue>[values.Length];
        for (int i = 0; i < reads.Length; i++) reads[i] = answers.Users.ReadAsync(UserRef.User(userIds[from + i])).AsTask();
        (await Task.WhenAll(reads)).CopyTo(values);
    }

    private static void WriteBlock(HttpContext context, Answers answers, Request request, IReadOnlyList<string> userIds, int from,
        ReadOnlySpan<PooledValue> values)
    {
        // One state for the block; a line never mixes two models. Searched one by one: all of a block at once saves 2 % of an int8
        // index's time, which the bookkeeping would use up.
        var state = answers.Serving.State;
        for (int i = 0; i < values.Length; i++)
        {
            using var value = values[i];
            answers.WriteLine(context.Response.BodyWriter, state, request, userIds[from + i], value.Span);
        }
    }
}
