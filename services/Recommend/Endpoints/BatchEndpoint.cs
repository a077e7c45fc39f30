using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Requests;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Endpoints;

/// <summary><c>POST /v1/recommendations/batch</c>: the same wishes for many users, one line of NDJSON for each, streamed in the order
/// given.</summary>
internal static class BatchEndpoint
{
    /// <summary>Users read from the factor store at once, and answered before anything waits for the network.</summary>
    private const int Block = 64;

    public static void Map(IEndpointRouteBuilder routes, Answers answers) =>
        routes.MapPost("/v1/recommendations/batch", context => PostAsync(context, answers))
            .DescribeBody<BatchRequest>().Describe<RecommendationResponse>("Recommendations for many users, as NDJSON");

    private static async Task PostAsync(HttpContext context, Answers answers)
    {
        var batch = await context.ReadJsonAsync(ContractsJson.Default.BatchRequest);
        var wishes = new RecommendationRequest
        {
            Count = batch.Count,
            Filter = batch.Filter,
            Boosts = batch.Boosts,
            Pins = batch.Pins,
            Exclude = batch.Exclude,
            Diversity = batch.Diversity,
            IncludeSeen = batch.IncludeSeen,
            Explain = batch.Explain,
            Reasons = batch.Reasons,
            Placement = batch.Placement,
        };
        var userIds = Check(batch, wishes, answers);
        var response = context.Response;
        response.ContentType = "application/x-ndjson";
        var values = new PooledValue[Block];
        for (int from = 0; from < userIds.Count; from += Block)
        {
            int count = Math.Min(Block, userIds.Count - from);
            await ReadAsync(answers, userIds, from, values.AsMemory(0, count));
            WriteBlock(answers, wishes, userIds, from, values.AsSpan(0, count), context);
            await response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>Everything that can be wrong is found before the first line goes out.</summary>
    private static IReadOnlyList<string> Check(BatchRequest batch, RecommendationRequest wishes, Answers answers)
    {
        if (batch.UserIds is not { Count: > 0 } userIds) throw QueryReader.Wrong("userIds", "is required and must not be empty");
        if (userIds.Count > Limits.BatchUsers) throw QueryReader.Wrong(
            "userIds", $"has {userIds.Count} entries; at most {Limits.BatchUsers} are allowed");
        for (int i = 0; i < userIds.Count; i++)
            if (Limits.IdError(userIds[i]) is { } error) throw QueryReader.Wrong($"userIds[{i}]", error);
        answers.Reader.Read(wishes, Query.Begin());
        return userIds;
    }

    private static async Task ReadAsync(Answers answers, IReadOnlyList<string> userIds, int from, Memory<PooledValue> values)
    {
        // All reads of a block are on their way before the first is waited for.
        var reads = new Task<PooledValue>[values.Length];
        for (int i = 0; i < reads.Length; i++) reads[i] = answers.ReadAsync(UserRef.User(userIds[from + i])).AsTask();
        (await Task.WhenAll(reads)).CopyTo(values);
    }

    private static void WriteBlock(Answers answers, RecommendationRequest wishes, IReadOnlyList<string> userIds, int from,
        ReadOnlySpan<PooledValue> values, HttpContext context)
    {
        // One state for the block; a line never mixes two models. Searched one by one: all of a block at once saves 2 % of an int8
        // index's time, which the bookkeeping would use up.
        var state = answers.Serving.State;
        for (int i = 0; i < values.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            var query = Query.Begin();
            answers.Reader.Read(wishes, query);
            query.UserId = userIds[from + i];
            using var value = values[i];
            answers.Engine.Answer(state, query, value.Span, default);
            AnswerWriter.Write(state, query, answers.Serving.CountAnswer(), userIds[from + i]);
            query.Json.Write("\n"u8);
            var json = query.Json.Written;
            json.CopyTo(context.Response.BodyWriter.GetSpan(json.Length));
            context.Response.BodyWriter.Advance(json.Length);
            answers.Measure(query, started);
        }
    }
}
