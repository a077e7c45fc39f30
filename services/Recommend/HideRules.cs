using Recommender.FactorStore.Users;
using Recommender.Factorization.Events;

namespace Recommender.Recommend;

/// <summary>
/// How long an event of each type hides its item from the user, by placement. Without a placement's entry, every type hides forever,
/// but for those of weight 0, which do not count for anything. Also holds which types are purchases.
/// </summary>
internal sealed class HideRules
{
    /// <summary>In place of seconds.</summary>
    public const long Never = 0, Forever = long.MaxValue;

    private readonly Placements _placements;
    private readonly EventWeights _configuredWeights;
    private volatile Table _table;

    /// <param name="configuredWeights">What events count while no model is served.</param>
    public HideRules(Placements placements, EventWeights configuredWeights)
    {
        (_placements, _configuredWeights) = (placements, configuredWeights);
        _table = Compile([], configuredWeights);
    }

    /// <summary>Takes the names of event types over. An empty list, of a store that was emptied, changes nothing.</summary>
    /// <param name="typeNames">By type id.</param>
    /// <param name="modelWeights">What events count for the model that is served; null if no model is served or it has none.</param>
    public void Update(IReadOnlyList<string> typeNames, EventWeights? modelWeights)
    {
        var table = _table;
        var weights = modelWeights ?? _configuredWeights;
        var names = typeNames.Count > 0 ? typeNames : table.TypeNames;
        if (weights != table.Weights || !names.SequenceEqual(table.TypeNames)) _table = Compile(names, weights);
    }

    /// <summary>Seconds by <see cref="EventClass"/>; null where every type hides for ever.</summary>
    public long[]? SecondsByClass(Placement? placement)
    {
        var table = _table;
        return placement is null ? table.General : table.OfPlacements[placement.Name];
    }

    /// <summary>Whether an event is a purchase, by <see cref="EventClass"/>. True for a class whose type is not known.</summary>
    public ReadOnlySpan<bool> Purchases => _table.Purchases;

    private Table Compile(IReadOnlyList<string> typeNames, EventWeights weights)
    {
        var ofPlacements = new Dictionary<string, long[]?>(StringComparer.Ordinal);
        foreach (var placement in _placements.All) ofPlacements[placement.Name] = Compile(typeNames, weights, placement.HideDays);
        return new(typeNames, weights, Compile(typeNames, weights, null), ofPlacements, FindPurchases(typeNames, weights));
    }

    private static bool[] FindPurchases(IReadOnlyList<string> typeNames, EventWeights weights)
    {
        var purchases = new bool[byte.MaxValue + 1];
        Array.Fill(purchases, true);
        purchases[EventClass.Other] = typeNames.Skip(EventClass.Other).Any(weights.IsPurchase);
        for (int id = 0; id < Math.Min(typeNames.Count, EventClass.Other); id++) purchases[id] = weights.IsPurchase(typeNames[id]);
        return purchases;
    }

    private static long[]? Compile(IReadOnlyList<string> typeNames, EventWeights weights, IReadOnlyDictionary<string, double>? hideDays)
    {
        double? others = hideDays?.TryGetValue(Placement.OtherTypes, out double days) == true ? days : null;
        var seconds = new long[byte.MaxValue + 1];

        // What is not known hides: showing it could be wrong.
        Array.Fill(seconds, Forever);
        seconds[EventClass.Other] = Seconds(others ?? double.PositiveInfinity);
        for (int id = 0; id < Math.Min(typeNames.Count, EventClass.Other); id++)
        {
            string name = typeNames[id];
            if (hideDays?.TryGetValue(name, out double own) == true) seconds[id] = Seconds(own);
            else if (weights[name].Weight == 0) seconds[id] = Never;
            else if (others is { } general) seconds[id] = Seconds(general);
        }

        return seconds.AsSpan().ContainsAnyExcept(Forever) ? seconds : null;
    }

    private static long Seconds(double days) => double.IsPositiveInfinity(days) ? Forever : (long)Math.Ceiling(days * 86_400);

    private sealed record Table(IReadOnlyList<string> TypeNames, EventWeights Weights, long[]? General,
        Dictionary<string, long[]?> OfPlacements, bool[] Purchases);
}
