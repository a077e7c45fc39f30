using Recommender.Factorization.Data;

namespace Recommender.Factorization.Models;

internal static class ModelChecks
{
    public static void History(Model model, ReadOnlySpan<HistoryEntry> history)
    {
        foreach (var entry in history)
        {
            if ((uint)entry.Item >= (uint)model.ItemCount)
                throw new ArgumentOutOfRangeException(nameof(history),
                    entry.Item, $"A history entry's item is not in 0..{model.ItemCount - 1}.");
        }
    }

    public static void Item(Model model, int item)
    {
        if ((uint)item >= (uint)model.ItemCount)
            throw new ArgumentOutOfRangeException(nameof(item), item, $"The item is not in 0..{model.ItemCount - 1}.");
    }

    public static void ItemFactor(Model model, ReadOnlySpan<float> factor)
    {
        if (factor.Length != model.Rank)
            throw new ArgumentException($"The item's factor has {factor.Length} numbers; the rank is {model.Rank}.", nameof(factor));
    }

    public static void Factor(Model model, Span<float> factor)
    {
        if (factor.Length != model.Rank)
            throw new ArgumentException($"The factor has room for {factor.Length} numbers; the rank is {model.Rank}.", nameof(factor));
    }

    public static void Contributions(ReadOnlySpan<HistoryEntry> history, Span<float> contributions)
    {
        if (contributions.Length < history.Length)
            throw new ArgumentException($"Contributions have room for {contributions.Length} of {history.Length} entries.",
                nameof(contributions));
    }
}
