using Recommender.Factorization;
using Recommender.FactorStore;

namespace Recommender.Recommend;

/// <summary>
/// How long an event of each type hides its item from the user, by placement. Where a placement says nothing, every type hides for ever,
/// but for those of weight 0, which do not count for anything.
/// </summary>
internal sealed class HideRules
{
    /// <summary>In place of seconds.</summary>
    public const long Never = 0, Forever = long.MaxValue;

    private readonly Placements _placements;
    private readonly EventWeights _weights;
    private volatile Table _table;

    public HideRules(Placements placements, EventWeights weights)
    {
        (_placements, _weights) = (placements, weights);
        _table = Compile([]);
    }

    /// <summary>Takes the names of event types over. An empty list, of a store that was emptied, changes nothing.</summary>
    /// <param name="typeNames">By type id.</param>
    public void Update(IReadOnlyList<string> typeNames)
    {
        if (typeNames.Count > 0 && !typeNames.SequenceEqual(_table.TypeNames)) _table = Compile(typeNames);
    }

    /// <summary>Seconds by <see cref="EventClass"/>; null where every type hides for ever.</summary>
    public long[]? SecondsByClass(Placement? placement)
    {
        var table = _table;
        return placement is null ? table.General : table.OfPlacements[placement.Name];
    }

    private Table Compile(IReadOnlyList<string> typeNames)
    {
        var ofPlacements = new Dictionary<string, long[]?>(StringComparer.Ordinal);
        foreach (var placement in _placements.All) ofPlacements[placement.Name] = Compile(typeNames, placement.HideDays);
        return new(typeNames, Compile(typeNames, null), ofPlacements);
    }

    private long[]? Compile(IReadOnlyList<string> typeNames, IReadOnlyDictionary<string, double>? hideDays)
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
            else if (_weights[name].Weight == 0) seconds[id] = Never;
            else if (others is { } general) seconds[id] = Seconds(general);
        }

        return seconds.AsSpan().ContainsAnyExcept(Forever) ? seconds : null;
    }

    private static long Seconds(double days) => double.IsPositiveInfinity(days) ? Forever : (long)Math.Ceiling(days * 86_400);

    private sealed record Table(IReadOnlyList<string> TypeNames, long[]? General, Dictionary<string, long[]?> OfPlacements);
}
