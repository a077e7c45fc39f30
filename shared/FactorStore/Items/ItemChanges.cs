namespace Recommender.FactorStore.Items;

public sealed record ItemChanges
{
    public required string? Generation { get; init; }
    public required IReadOnlyList<ItemRecord> Items { get; init; }

    /// <summary>Where to go on: pass it as <c>afterSequence</c> next time.</summary>
    public required long Sequence { get; init; }

    /// <summary>More changes wait behind <see cref="Sequence"/>.</summary>
    public required bool More { get; init; }
}
