using Recommender.Factorization.Sessions.Pairs;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Sessions.Mixing;

/// <summary>Settings of a <see cref="SessionReplay"/>.</summary>
public sealed record SessionReplaySettings
{
    /// <summary>Rows of transitions, as they are served.</summary>
    public TransitionSettings Table { get; init; } = new();

    /// <summary>How events of a session make pairs, as they are served.</summary>
    public SessionPairSettings Pairs { get; init; } = new();

    /// <summary>How weights are judged and searched.</summary>
    public SessionSearchOptions Search { get; init; } = new();
}
