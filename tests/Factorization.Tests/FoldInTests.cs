using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;

namespace Recommender.Factorization.Tests;

public sealed class FoldInTests
{
    private static readonly InteractionMatrix s_data = TestData.Planted(300, 200, 60, 2, weighted: true);

    [Theory]
    [InlineData(16), InlineData(64), InlineData(100)]
    public void A_factor_kept_up_event_by_event_equals_the_solve_from_scratch(int rank)
    {
        var model = IalsTrainer.Train(s_data, new IalsSettings { Rank = rank, Epochs = 2, Damping = .2 });
        var kept = new float[rank];
        var exact = new float[rank];
        var history = s_data.Users.History(4);
        for (int n = 1; n <= history.Length; n++)
        {
            model.Update(history.AsSpan(0, n), kept);
            model.FoldIn(history.AsSpan(0, n), exact);
            AssertClose(exact, kept);
        }

        for (int n = history.Length - 1; n >= 0; n--)
        {
            model.Update(history.AsSpan(0, n), kept);
            model.FoldIn(history.AsSpan(0, n), exact);
            AssertClose(exact, kept);
        }
    }

    [Fact]
    public void Removing_an_entry_from_the_middle_leaves_no_trace()
    {
        var model = IalsTrainer.Train(s_data, new IalsSettings { Rank = 24, Epochs = 2 });
        var history = s_data.Users.History(9);
        HistoryEntry[] without = [.. history[..3], .. history[4..]];
        var kept = new float[24];
        var exact = new float[24];
        model.FoldIn(history, kept);
        model.Update(without, kept);
        model.FoldIn(without, exact);
        AssertClose(exact, kept);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        double length = Math.Sqrt(expected.Sum(v => (double)v * v));
        for (int k = 0; k < expected.Length; k++) Assert.Equal(expected[k], actual[k], 2e-5 * length + 1e-7);
    }
}
