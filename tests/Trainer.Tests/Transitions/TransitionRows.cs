using Recommender.FactorStore;
using Recommender.Factorization.Sessions.Transitions;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Tests.Transitions;

/// <summary>Rows of a factor store by item ids.</summary>
internal sealed class TransitionRows
{
    private readonly Dictionary<string, Dictionary<string, float>> _rows = new(StringComparer.Ordinal);

    public float this[string row, string item] => _rows.GetValueOrDefault(row)?.GetValueOrDefault(item) ?? 0;

    public int Count => _rows.Values.Sum(row => row.Count);

    public static async Task<TransitionRows> ReadAsync(TrainerFixture trainer, IFactorStore? factorStore = null, int rowLength = 0)
    {
        var rows = new TransitionRows();
        var cancellation = TestContext.Current.CancellationToken;
        var rules = new TransitionPolicy(trainer.Store, TrainerFixture.Weights, trainer.Options);
        var table = new TransitionTable(rules.Table with { RowLength = rowLength == 0 ? rules.Table.RowLength : rowLength });
        for (long after = 0; ;)
        {
            var page = await (factorStore ?? trainer.FactorStore).ReadTransitionChangesAsync(after, 1000, cancellation);
            foreach (var row in page.Rows) table.LoadRow(row.ItemKey, row.Row.Span);
            if (!page.More) break;
            after = page.Position;
        }

        var ids = (await trainer.Store.ReadCatalogueAsync(0, 100_000, cancellation))
            .ToDictionary(item => item.ItemKey, item => item.ItemId);
        foreach (var (key, id) in ids)
            if (table.HasRow(key)) rows._rows.Add(id, table.Row(key).ToDictionary(entry => ids[entry.Item], entry => entry.Weight));
        return rows;
    }

    /// <summary>What the events in the store count, in a factor store of their own.</summary>
    public static async Task<TransitionRows> CountAsync(TrainerFixture trainer, int rowLength = 0)
    {
        int before = trainer.Options.TransitionRowLength;
        if (rowLength > 0) trainer.Options.TransitionRowLength = rowLength;
        var factorStore = new InProcessFactorStore();
        using var follower = trainer.NewFollower(factorStore);
        await follower.RunRoundAsync(TestContext.Current.CancellationToken);
        trainer.Options.TransitionRowLength = before;
        return await ReadAsync(trainer, factorStore, rowLength);
    }

    public static void AssertEqual(TransitionRows expected, TransitionRows actual)
    {
        Assert.Equal(expected._rows.Keys.Order(StringComparer.Ordinal), actual._rows.Keys.Order(StringComparer.Ordinal));
        foreach (var (row, entries) in expected._rows)
        {
            Assert.Equal(entries.Keys.Order(StringComparer.Ordinal), actual._rows[row].Keys.Order(StringComparer.Ordinal));
            foreach (var (item, weight) in entries)
                Assert.Equal(weight, actual[row, item], 1e-3f * weight);
        }
    }
}
