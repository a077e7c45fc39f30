using System.Diagnostics;
using Recommender.Contracts;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Requests;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Endpoints;

/// <summary>Search in the catalogue.</summary>
internal static class SearchEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, Answers answers, SearchReader reader, QueryEncoder encoder)
    {
        routes.MapOperation(SearchOperations.GetSearch, context =>
        {
            long started = Stopwatch.GetTimestamp();
            return SendAsync(context, answers, encoder, reader.Read(context.Request.QueryString.Value), started);
        });
        routes.MapOperation(SearchOperations.PostSearch, async context =>
        {
            long started = Stopwatch.GetTimestamp();
            var request = reader.Read(await context.ReadJsonAsync(ContractsJson.Default.SearchRequest));
            await SendAsync(context, answers, encoder, request, started);
        });
    }

    private static async Task SendAsync(HttpContext context, Answers answers, QueryEncoder encoder, Request request, long started)
    {
        request = request with { QueryVector = await encoder.EncodeAsync(request.Query!, context.RequestAborted) };
        using var user = await answers.Users.ReadUserAsync(request);
        using var session = await answers.Users.ReadSessionAsync(request, user);
        answers.SendRecommendations(context, request, UserEndpoints.SubjectOf(UserEndpoints.ReferenceOf(request), user, session), started);
    }
}
