using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Requests;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Endpoints;

/// <summary>What every endpoint that answers with items does alike: read the user's value, compute, write, measure.</summary>
internal sealed class Answers(Recommender.Recommend.Serving.ServingIndexes serving, Engine engine, QueryReader reader, IFactorStore store,
    SimilarUsers similarUsers, RecommendMetrics metrics)
{
    public Recommender.Recommend.Serving.ServingIndexes Serving => serving;
    public Engine Engine => engine;
    public QueryReader Reader => reader;
    public SimilarUsers SimilarUsers => similarUsers;

    /// <summary>
    /// The value of a user or session. While the factor store is gone nothing is known of anyone, and the answer comes from memory;
    /// a failure surfaces as <see cref="FactorStoreUnavailableException"/>, for <see cref="MarkStoreUnavailable"/>.
    /// </summary>
    public ValueTask<PooledValue> StartReading(UserRef user) => serving.FactorStoreProblem is null ? store.LeaseUserAsync(user) : default;

    /// <summary>The same, with failures taken as "nothing is known".</summary>
    public async ValueTask<PooledValue> ReadAsync(UserRef user)
    {
        try
        {
            return await StartReading(user);
        }
        catch (FactorStoreUnavailableException e)
        {
            MarkStoreUnavailable(e);
            return default;
        }
    }

    /// <summary>From here on requests do not ask the factor store, until the refresher finds it again.</summary>
    public void MarkStoreUnavailable(FactorStoreUnavailableException e) => serving.MarkStoreUnavailable(e);

    /// <summary>Sends what was written into the query's buffer, and counts it.</summary>
    public void Send(HttpContext context, Query query, long started)
    {
        var response = context.Response;
        response.ContentType = "application/json; charset=utf-8";
        var json = query.Json.Written;
        response.ContentLength = json.Length;

        // Written into the connection's own buffer; it goes out when the request ends.
        json.CopyTo(response.BodyWriter.GetSpan(json.Length));
        response.BodyWriter.Advance(json.Length);
        Measure(query, started);
    }

    public void Measure(Query query, long started) => metrics.Record(query.Source, Stopwatch.GetElapsedTime(started));

    /// <summary>A path id without allocating where nothing in the request line is percent-encoded.</summary>
    public static string PathId(HttpContext context, string parameter)
    {
        string target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "%";
        if (target.Contains('%') || context.GetRouteValue(parameter) is not string id) return context.GetPathId(parameter);
        return Limits.IdError(id) is { } error ? throw QueryReader.Wrong(parameter, error) : id;
    }
}
