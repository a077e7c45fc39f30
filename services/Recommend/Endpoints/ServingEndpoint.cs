using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts;
using Recommender.Recommend.Answering;
using Recommender.ServiceDefaults.Api;

namespace Recommender.Recommend.Endpoints;

/// <summary><c>GET /v1/serving</c>: the state of this instance.</summary>
internal static class ServingEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, Recommender.Recommend.Serving.ServingIndexes serving, SimilarUsers similarUsers) =>
        routes.MapOperation(StatusOperations.GetServing, () => Get(serving, similarUsers));

    private static Ok<ServingInfo> Get(Recommender.Recommend.Serving.ServingIndexes serving, SimilarUsers similarUsers)
    {
        var state = serving.State;
        return TypedResults.Ok(new ServingInfo
        {
            ModelVersion = state.Model?.Version,
            LoadingVersion = serving.LoadingVersion,
            Learner = state.Model?.Learned.Learner,
            Rank = state.Model?.Rank ?? 0,
            ModelItems = state.Model?.ItemCount ?? 0,
            AvailableItems = state.Catalogue.Available,
            Items = state.Catalogue.Known,
            IndexKind = state.Model?.Description ?? "none",
            FactorStore = serving.FactorStoreProblem ?? "ok",
            CatalogueSequence = serving.Sequence,
            Generation = serving.Generation,
            RefreshedAt = serving.RefreshedAt,
            SimilarUsers = similarUsers.Indexed,
            MixNumber = state.Transitions?.Mix.Number,
            TransitionItems = state.Transitions?.Rows.RowCount ?? 0,
            TransitionBytes = state.Transitions?.Rows.Bytes ?? 0,
            Answers = serving.Answers,
            AllocatedBytes = GC.GetTotalAllocatedBytes(),
        });
    }
}
