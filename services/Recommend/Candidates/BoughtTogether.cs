using Recommender.Factorization.Sessions.Baskets;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Candidates;

/// <summary>Items that were bought in one basket with an item, scored by <see cref="BasketRanking"/>.</summary>
internal static class BoughtTogether
{
    /// <summary>Whether the item was bought with an item that is available.</summary>
    public static bool IsKnown(ServingState state, int position)
    {
        if (state.Transitions is not { } transitions || state.Catalogue[position] is not { } item) return false;
        foreach (var entry in transitions.Together.ScoresOf(item.Key))
            if (entry.Weight > 0 && state.Catalogue.IsAvailable(state.Catalogue.PositionOfKey(entry.Item))) return true;
        return false;
    }

    public static void List(ServingState state, int position, ListedCandidates into)
    {
        foreach (var entry in state.Transitions!.Together.ScoresOf(state.Catalogue[position]!.Key))
            if (entry.Weight > 0) into.Add(state.Catalogue, state.Catalogue.PositionOfKey(entry.Item), entry.Weight);
    }
}
