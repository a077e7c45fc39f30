using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>All that a search for settings judges by.</summary>
/// <param name="Holdouts">Splits that every trial is scored on.</param>
/// <param name="Finals">Other splits, on which the best of each kind race at the end: by the hold-outs themselves the luckiest of many
/// trials would win.</param>
public sealed record SearchSplits(IReadOnlyList<Split> Holdouts, IReadOnlyList<Split> Finals);
