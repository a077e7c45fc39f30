using Recommender.FactorStore;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Tests.Transitions;

/// <summary>Rows of a factor store by item ids.</summary>
internal sealed class TransitionRows
{
    private readonly Dictionary<string, Dictionary<string, float>> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, float>> _baskets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, float>[] _recent = [[], [], []];

    public float this[string row, string item] => _rows.GetValueOrDefault(row)?.GetValueOrDefault(item) ?? 0;

    /// <summary>The row of recent events of a half-life.</summary>
    public IReadOnlyDictionary<string, float> Recent(int scale) => _recent[scale];

    /// <summary>The weight of a pair of items that were bought together.</summary>
    public float Together(string row, string item) => _baskets.GetValueOrDefault(row)?.GetValueOrDefault(item) ?? 0;

    public int BasketCount => _baskets.Values.Sum(row => row.Count);

    public int Count => _rows.Values.Sum(row => row.Count);

    public static async Task<TransitionRows> ReadAsync(TrainerFixture trainer, IFactorStore? factorStore = null, int rowLength = 0)
    {
        var rows = new TransitionRows();
        var cancellation = TestContext.Current.CancellationToken;
        var rules = new TransitionPolicy(trainer.Store, TrainerFixture.Weights, trainer.Options);
        var table = new TransitionTable(rules.Table with { RowLength = rowLength == 0 ? rules.Table.RowLength : rowLength });
        var baskets = new TransitionTable(rules.Baskets.Rows);
        var recent = new Dictionary<int, TransitionTable>();
        for (long after = 0; ;)
        {
            var page = await (factorStore ?? trainer.FactorStore).ReadTransitionChangesAsync(after, 1000, cancellation);
            foreach (var row in page.Rows)
            {
                if (row.RecentScale < 0)
                {
                    (row.IsBasket ? baskets : table).LoadRow(row.Item, row.Row.Span);
                    continue;
                }

                long halfLifeMs = new[] { SessionMix.HoursMs, SessionMix.DayMs, SessionMix.WeekMs }[row.RecentScale];
                recent[row.RecentScale] = new TransitionTable(new() { RowLength = RecentRows.RowLength, HalfLifeMs = halfLifeMs });
                recent[row.RecentScale].LoadRow(0, row.Row.Span);
            }

            if (!page.More) break;
            after = page.Position;
        }

        var ids = (await trainer.Store.ReadCatalogueAsync(0, 100_000, cancellation))
            .ToDictionary(item => item.ItemKey, item => item.ItemId);
        foreach (var (scale, counts) in recent)
            foreach (var entry in counts.Row(0)) rows._recent[scale].Add(ids[entry.Item], entry.Weight);
        foreach (var (key, id) in ids)
        {
            if (table.HasRow(key)) rows._rows.Add(id, table.Row(key).ToDictionary(entry => ids[entry.Item], entry => entry.Weight));
            if (baskets.HasRow(key)) rows._baskets.Add(id, baskets.Row(key).ToDictionary(entry => ids[entry.Item], entry => entry.Weight));
        }

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
        foreach (var (own, others) in new[] { (expected._rows, actual._rows), (expected._baskets, actual._baskets) })
        {
            Assert.Equal(own.Keys.Order(StringComparer.Ordinal), others.Keys.Order(StringComparer.Ordinal));
            foreach (var (row, entries) in own) AssertEqual(entries, others[row]);
        }

        for (int scale = 0; scale < 3; scale++) AssertEqual(expected._recent[scale], actual._recent[scale]);
    }

    private static void AssertEqual(Dictionary<string, float> expected, Dictionary<string, float> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach (var (item, weight) in expected) Assert.Equal(weight, actual[item], 1e-3f * weight);
    }
}
