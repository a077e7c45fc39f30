namespace Recommender.FactorStore.Transitions;

/// <param name="Generation">Name of the content of the rows.</param>
/// <param name="Sequence">Every row includes every event up to this sequence.</param>
public sealed record TransitionWatermark(string Generation, long Sequence);
