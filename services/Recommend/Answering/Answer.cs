using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Answering;

/// <summary>The answer to one request: a view of a <see cref="Workspace"/>, valid until the workspace is used again.</summary>
internal readonly ref struct Answer
{
    public required Request Request { get; init; }

    /// <summary>What the answer was made from: positions are those of its catalogue.</summary>
    public required ServingState State { get; init; }

    /// <summary>What the scores of the model were computed for.</summary>
    public required Profile Profile { get; init; }

    /// <summary>The model in service when items were scored, by it or by the terms that were weighed against it; null where none were, or
    /// without a model.</summary>
    public ServingModel? Model { get; init; }

    /// <summary>Where the first item came from: one of <see cref="Contracts.Sources"/>.</summary>
    public required string Source { get; init; }

    public required ReadOnlySpan<AnswerItem> Items { get; init; }

    /// <summary>What follows the items of a ranking, in the order given.</summary>
    public ReadOnlySpan<UnrankedItem> Unranked { get; init; }

    /// <summary>What a search found; null for other recipes.</summary>
    public Findings? Findings { get; init; }

    /// <summary>Whether another page would have items.</summary>
    public bool HasMore { get; init; }
}
