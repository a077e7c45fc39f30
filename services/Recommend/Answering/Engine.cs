using Recommender.Contracts;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Events;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Answering;

/// <summary>
/// Computes answers: what is known of the user, the best of the model under the request's rules, and popular items where the model has too
/// few. Synchronous work in memory on one <see cref="ServingState"/>, in a <see cref="Workspace"/> that was rented for it. Thread-safe.
/// </summary>
/// <remarks>
/// Order of the rules: filter, exclusions (seen, excluded, shown on earlier pages, recently shown at a placement that rotates), boosts,
/// diversity, fallback for what is missing, pins.
/// </remarks>
/// <param name="configuredWeights">What events count while no model is served; a model brings the weights it was trained with.</param>
internal sealed class Engine(RecommendOptions options, EventWeights configuredWeights, HideRules hideRules, Rotation rotation,
    TimeProvider clock)
{
    /// <summary>An answer by the recipe of the request, for a user, a session, a given history or an item.</summary>
    /// <param name="item">Position of the item that the recipe starts from; −1 for other recipes.</param>
    public Answer Recommend(ServingState state, Request request, in Subject subject, Workspace workspace, int item = -1)
    {
        var now = clock.GetUtcNow();
        var (profile, eligible, draft) = (workspace.Profile, workspace.Eligible, workspace.Draft);
        string recipe = RecipeOf(state, request, item);
        if (recipe is Recipes.Recommendations or Sources.Search) ReadProfile(state, request, subject, profile, now);
        if (!request.IncludeSeen && !Recipes.ListsSeen(request.Recipe)) ExcludeSeen(state.Catalogue, request, subject, eligible, now);
        eligible.Excluded.Add(item);
        bool isPopular = recipe == Sources.Popular && request.Recipe != recipe;
        eligible.Restrict(state.Catalogue, isPopular ? WithCategoriesOf(state.Catalogue[item], request) : request);
        workspace.Boosts.Compile(state.Catalogue, request);
        draft.Begin(state, request, recipe == Recipes.Recommendations ? SourceOf(profile) : recipe);
        draft.ReservePins();
        rotation.Postpone(state.Catalogue, request.Placement, subject.Reference, eligible, now);
        Fill(recipe, state, request, subject, workspace, item);

        // What was shown recently comes after everything else rather than not at all.
        if (!draft.IsFull && eligible.RestorePostponed()) Fill(recipe, state, request, subject, workspace, item);
        var answer = draft.FinishPage();
        rotation.Record(state.Catalogue, request.Placement, subject.Reference, answer.Items, now);
        return answer;
    }

    /// <summary>
    /// Scores and orders the request's items, each once: those in the model by score, then the others by popularity with score 0, then,
    /// in the order given, those that cannot be recommended: unknown or not available.
    /// </summary>
    public Answer Rank(ServingState state, Request request, in Subject subject, Workspace workspace)
    {
        ReadProfile(state, request, subject, workspace.Profile, clock.GetUtcNow());
        workspace.Draft.Begin(state, request, SourceOf(workspace.Profile));
        workspace.Draft.AddRanked();
        return workspace.Draft.Finish();
    }

    /// <summary>
    /// The factor of a user for the served model: the stored one, or one that is folded in here while it is of another model. Empty where
    /// the model cannot use the history.
    /// </summary>
    public ReadOnlySpan<float> FactorOf(ServingState state, ReadOnlySpan<byte> value, Workspace workspace)
    {
        if (state.Model is not { } model || !UserStateView.TryRead(value, out var stored)) return [];
        if (stored.ModelVersion == model.Version && (stored.Factor.IsEmpty || stored.Factor.Length == model.Rank)) return stored.Factor;
        workspace.Profile.Read(state with { Transitions = null }, new Subject { User = value }, [], configuredWeights, clock.GetUtcNow());
        return workspace.Profile.Factor;
    }

    private static string SourceOf(Profile profile) => profile.IsPersonal ? Sources.Personal : Sources.Session;

    /// <summary>
    /// The recipe that can answer: for items bought together with an item that was never bought with another one, similar items, and for
    /// similar items of an item that the model does not know, popular items of its categories.
    /// </summary>
    private static string RecipeOf(ServingState state, Request request, int item)
    {
        string recipe = request.Recipe;
        if (recipe == Sources.Together && !BoughtTogether.IsKnown(state, item)) recipe = Sources.Similar;
        return recipe == Sources.Similar && !(state.Model?.IsKnown(item) ?? false) ? Sources.Popular : recipe;
    }

    /// <summary>The request for popular items of the categories of an item, in place of similar items.</summary>
    private static Request WithCategoriesOf(CatalogueItem? item, Request request)
    {
        var categories = request.Rules.Categories.Union(item?.Record.Item?.Categories ?? []);
        return request with { Rules = request.Rules with { Categories = [.. categories] } };
    }

    private void ReadProfile(ServingState state, Request request, in Subject subject, Profile profile, DateTimeOffset now) =>
        profile.Read(state, subject, request.History, state.Model?.Weights ?? configuredWeights, now);

    /// <summary>Excludes what user and session have seen, whichever the answer is made from, and the request's own history.</summary>
    private void ExcludeSeen(Catalogue catalogue, Request request, in Subject subject, EligibleItems eligible, DateTimeOffset now)
    {
        long[]? hideSeconds = hideRules.SecondsByClass(request.Placement);
        eligible.ExcludeSeen(catalogue, subject.User, hideSeconds, now);
        eligible.ExcludeSeen(catalogue, subject.Session, hideSeconds, now);
        eligible.ExcludeGiven(catalogue, request.History);
    }

    private void Fill(string recipe, ServingState state, Request request, in Subject subject, Workspace workspace, int item)
    {
        var draft = workspace.Draft;
        switch (recipe)
        {
            case Recipes.Recommendations:
                if (workspace.Profile.HasScores) draft.AddScored();
                draft.FillFrom(request.Placement?.Fallback ?? options.Fallback);
                break;
            case Sources.Similar:
                // The cosine of factors, and where the model has neighbours, how often items are consumed together (1: as often as the one
                // most often consumed with it).
                draft.AddSimilar(item);
                draft.FillFrom(Sources.Popular);
                break;
            case Sources.Together:
                BoughtTogether.List(state, item, draft.BeginList());
                draft.AddListed(reason: item);
                break;
            case Sources.Again:
                BuyAgain.List(state.Catalogue, subject.Own, clock.GetUtcNow(), draft.BeginList());
                draft.AddListed();
                break;
            case Sources.Recent:
                RecentlyViewed.List(state.Catalogue, subject.Own, hideRules.Purchases, draft.BeginList());
                draft.AddListed();
                break;
            case Sources.Search:
                draft.AddFound(SearchCandidates.Find(state, request, workspace.Profile, workspace.Eligible,
                    new(1, (float)options.SearchMeaningWeight, (float)options.SearchTasteWeight), draft.BeginList()));
                if (!draft.HasFound) draft.FillFrom(request.Placement?.Fallback ?? options.Fallback);
                break;
            default:
                draft.FillFrom(recipe);
                break;
        }
    }
}
