using Recommender.Factorization.Events;

namespace Recommender.Storage.Pairs;

/// <summary>An event of one user on one item, as the rules of values see it.</summary>
/// <param name="Value">NaN where the event has none.</param>
internal readonly record struct PairEvent(string Type, EventTypeSettings Settings, float Value, long AtMs)
{
    public EventEffect Effect => Settings.EffectOf(Value);
}
