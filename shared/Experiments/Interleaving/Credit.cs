namespace Recommender.Experiments.Interleaving;

/// <summary>
/// Credit of one interleaved answer, positive in favour of the first ranking. Its mean over sessions is the test's figure.
/// </summary>
public static class Credit
{
    /// <summary>Clicks on items of the first team less clicks on items of the second.</summary>
    /// <param name="list">The shown answer.</param>
    /// <param name="clicked">Whether each shown item was clicked.</param>
    public static double OfTeams(InterleavedList list, ReadOnlySpan<bool> clicked)
    {
        ArgumentNullException.ThrowIfNull(list);
        double credit = 0;
        for (int n = 0; n < list.Items.Count; n++)
        {
            if (clicked[n]) credit += list.FromFirst[n] ? 1 : -1;
        }

        return credit;
    }

    /// <summary>
    /// Each click counts by how much more often the first ranking would have had its item examined than the second, over the examination
    /// where it was shown. Under a position-based click model, the mean is the difference in clicks of the two rankings over the
    /// shown items. Items that both rankings place alike add no noise.
    /// </summary>
    /// <param name="list">The shown answer.</param>
    /// <param name="clicked">Whether each shown item was clicked.</param>
    /// <param name="first">The first ranking, best first.</param>
    /// <param name="second">The second ranking, best first.</param>
    /// <param name="examination">Probability that a position is examined, above 0; as long as the shown answer or longer.</param>
    public static double OfPositions(InterleavedList list, ReadOnlySpan<bool> clicked, IReadOnlyList<int> first, IReadOnlyList<int> second,
        ReadOnlySpan<double> examination)
    {
        ArgumentNullException.ThrowIfNull(list);
        double credit = 0;
        for (int n = 0; n < list.Items.Count; n++)
        {
            if (!clicked[n]) continue;
            credit += (At(first, list.Items[n], examination) - At(second, list.Items[n], examination)) / examination[n];
        }

        return credit;
    }

    private static double At(IReadOnlyList<int> ranking, int item, ReadOnlySpan<double> examination)
    {
        for (int n = 0; n < Math.Min(ranking.Count, examination.Length); n++)
        {
            if (ranking[n] == item) return examination[n];
        }

        return 0;
    }
}
