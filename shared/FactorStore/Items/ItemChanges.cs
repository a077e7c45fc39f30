namespace Recommender.FactorStore.Items;

public sealed record ItemChanges
{
    /// <summary>Items of one page at most, whatever limit the reader asks for. Redis runs one script for a page and answers nobody else
    /// meanwhile.</summary>
    public const int MaxItems = 2_000;

    public required string? Generation { get; init; }
    public required IReadOnlyList<ItemRecord> Items { get; init; }

    /// <summary>The position to continue from: pass it as <c>afterSequence</c> next time.</summary>
    public required long Sequence { get; init; }

    /// <summary>More changes wait behind <see cref="Sequence"/>.</summary>
    public required bool More { get; init; }

    /// <summary>The items of one page for the limit that a reader asks for: 1 to <see cref="MaxItems"/>.</summary>
    internal static int LimitOf(int wanted) => Math.Clamp(wanted, 1, MaxItems);
}
