namespace Recommender.FactorStore.Transitions;

/// <param name="IsCurrent">False: the factor store has another generation of rows, or none, and nothing was written.</param>
/// <param name="Recounted">Items whose row was not written because the one there was counted from the store later.</param>
/// <param name="HasOvertaken">A row was replaced that includes later events than the one written, which was counted from the store
/// later.</param>
public sealed record TransitionWrite(bool IsCurrent, IReadOnlyList<int> Recounted, bool HasOvertaken = false);
