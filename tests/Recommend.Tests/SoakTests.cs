using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Xunit;

namespace Recommender.Recommend.Tests;

/// <summary>
/// Random changes of catalogue, users and releases, and after each the answers over HTTP against a plain list that says what they must
/// be. The seed is printed; RECOMMENDER_SEED repeats a run.
/// </summary>
public sealed class SoakTests
{
    [Fact]
    public async Task Answers_follow_every_change()
    {
        var cancellation = TestContext.Current.CancellationToken;
        int seed = int.TryParse(Environment.GetEnvironmentVariable("RECOMMENDER_SEED"), out int given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"RECOMMENDER_SEED={seed}");
        var random = new Random(seed);
        Shop[] models = [Shop.Whole, Shop.WithFactors(n => n < 40, seed: 2), Shop.WithFactors(n => n % 4 != 1, seed: 3)];
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);

        long version = 1, revision = 1;
        var model = models[0];
        var available = Enumerable.Range(0, Shop.Items).ToHashSet();
        var popularity = Enumerable.Range(0, Shop.Items).ToDictionary(n => n, n => Math.Log2(n));
        var history = new HashSet<int> { 0, 3, 6 };
        for (int step = 0; step < 120; step++)
        {
            int number = random.Next(Shop.Items);
            switch (random.Next(6))
            {
                case 0:
                    available.Remove(number);
                    await store.PutItemsAsync(
                        [Shop.Record(number, available: random.Next(2) == 0, deleted: true) with { Popularity = popularity[number] }],
                            cancellation);
                    break;
                case 1:
                    available.Remove(number);
                    await store.PutItemsAsync([Shop.Record(number, available: false) with { Popularity = popularity[number] }],
                        cancellation);
                    break;
                case 2:
                    available.Add(number);
                    await store.PutItemsAsync([Shop.Record(number) with { Popularity = popularity[number] }], cancellation);
                    break;
                case 3:
                    popularity[number] = Math.Log2(random.Next(200));
                    await store.PutItemStatisticsAsync(
                        [new ItemStatisticsRecord(Shop.KeyOf(number), Shop.IdOf(number), popularity[number], 1)], cancellation);
                    break;
                case 4:
                    if (!history.Remove(number) || history.Count == 0) history.Add(number);
                    var state = model.User("reader", random.Next(2) == 0 ? version : 0, [.. history.Select(n => Shop.Bought(n))]);
                    await store.PutUsersAsync([state with { Revision = ++revision }], cancellation);
                    break;
                default:
                    model = models[random.Next(models.Length)];
                    await model.ReleaseAsync(store, ++version);
                    break;
            }

            await host.ServesAsync(version);
            var popular = await host.GetAsync("/v1/items/popular?count=1000");
            Assert.Equal(available.OrderByDescending(n => popularity[n]).ThenBy(n => n).Select(Shop.IdOf),
                popular.Items.Select(i => i.ItemId));

            // A user's personal part is everything of the model that is available and unseen, best first; the rest follows by popularity.
            var personal = await host.GetAsync("/v1/users/reader/recommendations?count=1000");
            Assert.Equal(available.Except(history).Select(Shop.IdOf).Order(StringComparer.Ordinal),
                personal.Items.Select(i => i.ItemId).Order(StringComparer.Ordinal));
            var records = history.Select(n => Shop.Bought(n)).ToArray();
            if (model.Entries(records).Length == 0)
            {
                Assert.Equal(Sources.Popular, personal.Source);
                continue;
            }

            int scored = available.Except(history).Count(n => model.IndexOf(n) >= 0);
            for (int i = 0; i < personal.Items.Count; i++)
            {
                int item = Shop.NumberOf(personal.Items[i].ItemId);
                Assert.Equal(i < scored, model.IndexOf(item) >= 0);
                if (i < scored) Assert.Equal(model.ScoreOf(records, item), personal.Items[i].Score, 1e-4f);
                if (i > 0) Assert.True(personal.Items[i].Score <= personal.Items[i - 1].Score);
            }

            Assert.Equal(scored > 0 ? version : personal.ModelVersion, personal.ModelVersion);
        }
    }
}
