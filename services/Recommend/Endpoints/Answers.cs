using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Recording;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Endpoints;

/// <summary>What every endpoint that answers with items does alike: compute in a rented workspace, write, count, measure.</summary>
internal sealed class Answers(ServingIndexes serving, Engine engine, WorkspacePool workspaces, RequestReader reader, UserValues users,
    SimilarUsers similarUsers, RecommendMetrics metrics, AnswerRecorder recorder)
{
    public ServingIndexes Serving => serving;
    public RequestReader Reader => reader;
    public UserValues Users => users;
    public SimilarUsers SimilarUsers => similarUsers;

    /// <param name="started">When the request came, of <see cref="Stopwatch"/>.</param>
    public void SendRecommendations(HttpContext context, Request request, in Subject subject, long started)
    {
        if (request.ItemId is { } itemId)
        {
            SendItemsFor(context, request, subject, itemId, started);
            return;
        }

        if (Recipes.ListsSeen(request.Recipe) && subject.Own.IsEmpty && serving.FactorStoreProblem is { } problem)
            throw new ProblemException(Problem.Unavailable("The user's items cannot be read: " + problem));
        using var workspace = workspaces.Rent();
        Send(context, engine.Recommend(serving.State, request, subject, workspace), KindOf(request), subject, workspace, started);
    }

    /// <param name="started">As in <see cref="SendRecommendations"/>.</param>
    public void SendRank(HttpContext context, Request request, in Subject subject, long started)
    {
        using var workspace = workspaces.Rent();
        Send(context, engine.Rank(serving.State, request, subject, workspace), AnswerKind.Rank, subject, workspace, started);
    }

    /// <summary>Sends an answer whose recipe starts from an item.</summary>
    /// <param name="started">As in <see cref="SendRecommendations"/>.</param>
    /// <exception cref="ProblemException">There is no such item.</exception>
    public void SendItemsFor(HttpContext context, Request request, in Subject subject, string itemId, long started)
    {
        var state = serving.State;
        if (!state.Catalogue.TryGet(itemId, out var item, out int position) || item.Record.Deleted)
            throw new ProblemException(Problem.NotFound($"There is no item '{itemId}'."));
        using var workspace = workspaces.Rent();
        Send(context, engine.Recommend(state, request, subject, workspace, position), KindOf(request), subject, workspace, started);
    }

    /// <summary>Writes one user's line of a batch.</summary>
    /// <param name="state">The same for several lines, which no two models are mixed in then.</param>
    public void WriteLine(PipeWriter output, ServingState state, Request request, string userId, ReadOnlySpan<byte> user)
    {
        long started = Stopwatch.GetTimestamp();
        using var workspace = workspaces.Rent();
        var subject = new Subject { Reference = UserRef.User(userId), User = user };
        var answer = engine.Recommend(state, request, subject, workspace);
        Write(output, workspace.Writer.WriteLine(answer, userId, out var id));
        Finish(answer, id, AnswerKind.Batch, subject, started);
    }

    /// <summary>A path id without allocating where nothing in the request line is percent-encoded.</summary>
    public static string PathId(HttpContext context, string parameter)
    {
        string target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "%";
        if (target.Contains('%') || context.GetRouteValue(parameter) is not string id) return context.GetPathId(parameter);
        return Limits.IdError(id) is { } error ? throw RequestReader.Wrong(parameter, error) : id;
    }

    private static AnswerKind KindOf(Request request) => request.Recipe switch
    {
        Sources.Similar => AnswerKind.Similar,
        Sources.Together => AnswerKind.Together,
        Sources.Again => AnswerKind.Again,
        Sources.Recent => AnswerKind.Recent,
        Sources.Popular => AnswerKind.Popular,
        Sources.Trending => AnswerKind.Trending,
        Sources.Latest => AnswerKind.Latest,
        Sources.Search => AnswerKind.Search,
        _ => AnswerKind.Recommendations,
    };

    private void Send(HttpContext context, in Answer answer, AnswerKind kind, in Subject subject, Workspace workspace, long started)
    {
        var response = context.Response;
        response.ContentType = "application/json; charset=utf-8";
        var json = workspace.Writer.Write(answer, out var id);
        response.ContentLength = json.Length;

        // Written into the connection's own buffer; it goes out when the request ends.
        Write(response.BodyWriter, json);
        Finish(answer, id, kind, subject, started);
    }

    private static void Write(PipeWriter output, ReadOnlySpan<byte> json)
    {
        json.CopyTo(output.GetSpan(json.Length));
        output.Advance(json.Length);
    }

    private void Finish(in Answer answer, RecommendationId id, AnswerKind kind, in Subject subject, long started)
    {
        serving.CountAnswer();
        recorder.Record(answer, id, kind, subject.Reference);
        metrics.Record(answer.Source, Stopwatch.GetElapsedTime(started));
    }
}
