using Recommender.Factorization.Events;

namespace Recommender.Storage.Pairs;

/// <summary>An event of one user on one item, for <see cref="PairRules"/>.</summary>
/// <param name="Value">NaN for an event without a value.</param>
internal readonly record struct PairEvent(string Type, EventTypeSettings Settings, float Value, long AtMs)
{
    public EventEffect Effect => Settings.EffectOf(Value);
}
