using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>Splits for a search for settings.</summary>
/// <param name="Holdouts">Splits for the score of every trial.</param>
/// <param name="Finals">Other splits, for the final comparison of the best trials. On the hold-outs themselves, the luckiest of many trials
/// would win.</param>
public sealed record SearchSplits(IReadOnlyList<Split> Holdouts, IReadOnlyList<Split> Finals);
