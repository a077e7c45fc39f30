using Recommender.FactorStore.Items;

namespace Recommender.Recommend.Serving;

/// <summary>
/// Everything an answer is made from. A request takes the current one once and uses nothing else, so that no answer mixes two models.
/// </summary>
/// <param name="Catalogue">Laid out for <paramref name="Model"/>.</param>
internal sealed record ServingState(ServingModel? Model, Catalogue Catalogue)
{
    /// <summary>What followed what in sessions; null where no rows are kept, or not all of them have been read.</summary>
    public ServingTransitions? Transitions { get; init; }

    /// <summary>A state whose model has taken the factors of later items over.</summary>
    public static ServingState WithFactors(ServingModel? model, Catalogue catalogue)
    {
        var state = new ServingState(model, catalogue);
        for (int position = model?.ItemCount ?? int.MaxValue; position < catalogue.Count; position++)
            if (catalogue[position] is { } item) state.TakeFactor(item.Record);
        return state;
    }

    /// <summary>Makes an item servable that came after the training, if it was given a factor for this model. One for another model says
    /// nothing here.</summary>
    public void TakeFactor(ItemRecord item)
    {
        if (Model is not { } model || item.Factor is not { } factor || factor.ModelVersion != model.Version
            || factor.Values.Length != model.Rank) return;
        int position = Catalogue.PositionOfKey(item.ItemKey);
        if (position >= model.ItemCount) model.PutFactor(position, factor.Values.Span);
    }
}
