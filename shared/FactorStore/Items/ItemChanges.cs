namespace Recommender.FactorStore.Items;

public sealed record ItemChanges
{
    /// <summary>Maximum number of items of a page. Redis runs one script per page, which blocks all other commands.</summary>
    public const int MaxItems = 2_000;

    public required string? Generation { get; init; }
    public required IReadOnlyList<ItemRecord> Items { get; init; }

    /// <summary>The position to continue from: pass it as <c>afterSequence</c> next time.</summary>
    public required long Sequence { get; init; }

    /// <summary>Whether there are more changes after <see cref="Sequence"/>.</summary>
    public required bool More { get; init; }

    /// <summary>The number of items of a page for a requested limit: 1 to <see cref="MaxItems"/>.</summary>
    internal static int LimitOf(int wanted) => Math.Clamp(wanted, 1, MaxItems);
}
