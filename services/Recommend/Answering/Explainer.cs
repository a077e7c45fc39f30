using Recommender.Factorization.Data;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Answering;

/// <summary>Explains scores by the exact share of each history item. One thread at a time; memory that later answers use again.</summary>
internal sealed class Explainer
{
    private float[] _shares = [];
    private int[] _order = [];

    /// <summary>The share of each entry of <see cref="Profile.History"/> in an item's score, and of its popularity, largest
    /// first.</summary>
    /// <param name="order">Entries of the history, by share; the length of the history stands for popularity.</param>
    /// <param name="shares">Shares in the same order; they sum to 1.</param>
    /// <returns>False for a score without shares: exactly 0, or not finite.</returns>
    /// <param name="model">Null where the scores are those of the terms alone.</param>
    public bool TryExplain(ServingModel? model, Profile profile, int position, out ReadOnlySpan<int> order, out ReadOnlySpan<float> shares)
    {
        int length = profile.History.Length;
        var contributions = Scratch.EnsureCapacity(ref _shares, length + 1);
        var entries = Scratch.EnsureCapacity(ref _order, length + 1);
        contributions.Clear();
        if (profile.HasFactor && model!.HasFactor(position)) ExplainByModel(model, profile.UsableHistory, position, contributions);
        contributions[length] = profile.Stream.Explain(position, contributions);
        if (contributions[length] == 0)
        {
            contributions = contributions[..length];
            entries = entries[..length];
        }

        shares = contributions;
        order = entries;
        double sum = 0;
        foreach (float contribution in contributions) sum += contribution;
        if (sum == 0 || !double.IsFinite(sum)) return false;
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = i;
            contributions[i] = (float)(-contributions[i] / sum);
        }

        // Shares are negated while sorting so that the largest comes first; sorting is by share alone, which is stable enough: equal shares
        // are equal text.
        contributions.Sort(entries);
        foreach (ref float share in contributions) share = 0 - share; // A share of nothing is 0, not -0.
        return true;
    }

    private static void ExplainByModel(ServingModel model, ReadOnlySpan<HistoryEntry> history, int position, Span<float> contributions)
    {
        if (position < model.ItemCount) model.Learned.Explain(history, position, contributions[..history.Length]);
        else model.Learned.Explain(history, model.Factor(position), contributions[..history.Length]);
    }
}
