using System.Diagnostics;
using Recommender.Contracts;
using Recommender.Recommend.Requests;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Endpoints;

/// <summary>Search in the catalogue.</summary>
internal static class SearchEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, Answers answers, SearchReader reader)
    {
        routes.MapOperation(SearchOperations.SearchItems, context =>
        {
            long started = Stopwatch.GetTimestamp();
            return SendAsync(context, answers, reader.Read(context.Request.QueryString.Value), started);
        });
        routes.MapOperation(SearchOperations.PostSearch, async context =>
        {
            long started = Stopwatch.GetTimestamp();
            await SendAsync(context, answers, reader.Read(await context.ReadJsonAsync(ContractsJson.Default.SearchRequest)), started);
        });
    }

    private static async Task SendAsync(HttpContext context, Answers answers, Request request, long started)
    {
        using var user = await answers.Users.ReadUserAsync(request);
        using var session = await answers.Users.ReadSessionAsync(request, user);
        answers.SendRecommendations(context, request, UserEndpoints.SubjectOf(UserEndpoints.ReferenceOf(request), user, session), started);
    }
}
