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
    /// <summary>Recommendations for a user, a session or a given history.</summary>
    public Answer Recommend(ServingState state, Request request, in Subject subject, Workspace workspace)
    {
        var now = clock.GetUtcNow();
        var (profile, eligible, draft) = (workspace.Profile, workspace.Eligible, workspace.Draft);
        ReadProfile(state, request, subject, profile, now);
        if (!request.IncludeSeen) ExcludeSeen(state.Catalogue, request, subject, eligible, now);
        eligible.Restrict(state.Catalogue, request);
        workspace.Boosts.Compile(state.Catalogue, request);
        draft.Begin(state, request, SourceOf(profile));
        draft.ReservePins();
        rotation.Postpone(state.Catalogue, request.Placement, subject.Reference, eligible, now);
        Fill(request, profile, draft);

        // What was shown recently comes after everything else rather than not at all.
        if (!draft.IsFull && eligible.RestorePostponed()) Fill(request, profile, draft);
        var answer = draft.FinishPage();
        rotation.Record(state.Catalogue, request.Placement, subject.Reference, answer.Items, now);
        return answer;
    }

    /// <summary>Popular, trending or latest items.</summary>
    /// <param name="ranking">One of <see cref="Sources"/>.</param>
    public static Answer List(ServingState state, Request request, string ranking, Workspace workspace)
    {
        workspace.Eligible.Restrict(state.Catalogue, request);
        workspace.Draft.Begin(state, request, ranking);
        workspace.Draft.FillFrom(ranking);
        return workspace.Draft.FinishPage();
    }

    /// <summary>
    /// Items most similar to one item: the cosine of their factors, and where the model has neighbours, how often they are consumed
    /// together (1: as often as the one most often consumed with it). An item that the model does not know gets popular items of its
    /// categories.
    /// </summary>
    public static Answer FindSimilar(ServingState state, Request request, int position, Workspace workspace)
    {
        var draft = workspace.Draft;
        workspace.Eligible.Excluded.Add(position);
        if (state.Model is { } model && model.IsKnown(position))
        {
            workspace.Eligible.Restrict(state.Catalogue, request);
            draft.Begin(state, request, Sources.Similar);
            draft.AddSimilar(position);
        }
        else
        {
            var categories = request.Rules.Categories.Union(state.Catalogue[position]?.Record.Item?.Categories ?? []);
            workspace.Eligible.Restrict(state.Catalogue, request with { Rules = request.Rules with { Categories = [.. categories] } });
            draft.Begin(state, request, Sources.Popular);
        }

        draft.FillFrom(Sources.Popular);
        return draft.FinishPage();
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

    private void Fill(Request request, Profile profile, AnswerDraft draft)
    {
        if (profile.HasScores) draft.AddScored();
        draft.FillFrom(request.Placement?.Fallback ?? options.Fallback);
    }
}
