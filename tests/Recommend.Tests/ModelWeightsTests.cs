using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Events;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests;

/// <summary>A model brings the event weights it was trained with; those of the configuration count only without one.</summary>
public sealed class ModelWeightsTests
{
    private static readonly string[] s_types = ["view", "glance"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task ReleaseAsync(InProcessFactorStore store, long version, EventTypeSettings glance)
    {
        var weights = EventWeights.Create(new Dictionary<string, EventTypeSettings> { ["glance"] = glance });
        await store.PutModelAsync(version, (ModelPackage.Decode(Shop.Whole.Package()) with { EventTypes = weights.ToJson() }).Encode(),
            Cancellation);
        await store.SetReleasedAsync(version, Cancellation);
    }

    private static Task<RecommendationResponse> AskAsync(RecommendHost host) =>
        host.PostAsync("""{"history":[{"itemId":"item-00","type":"view"},{"itemId":"item-01","type":"glance"}],"count":60}""");

    private static string Text(RecommendationResponse answer) => string.Join(' ', answer.Items.Select(i => $"{i.ItemId}:{i.Score:R}"));

    [Fact]
    public async Task The_history_of_a_request_counts_as_the_model_was_trained()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await store.PutEventTypesAsync(s_types, Cancellation);
        await ReleaseAsync(store, 2, new EventTypeSettings { Weight = 6 });
        await using var configuredApart = await RecommendHost.StartAsync(store, ("EventTypes:glance:Negative", "true"));
        await using var notConfigured = await RecommendHost.StartAsync(store);
        await configuredApart.ServesAsync(2);
        await notConfigured.ServesAsync(2);
        string expected = Text(await AskAsync(notConfigured));
        Assert.Equal(expected, Text(await AskAsync(configuredApart)));

        // Another model, other weights; going back to the first brings its own.
        await ReleaseAsync(store, 3, new EventTypeSettings { Weight = 6, Negative = true });
        await configuredApart.ServesAsync(3);
        Assert.NotEqual(expected, Text(await AskAsync(configuredApart)));
        await store.SetReleasedAsync(2, Cancellation);
        await configuredApart.ServesAsync(2);
        Assert.Equal(expected, Text(await AskAsync(configuredApart)));
    }

    [Fact]
    public async Task A_model_from_before_weights_were_kept_counts_by_the_configuration()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var plain = await RecommendHost.StartAsync(store);
        await using var negative = await RecommendHost.StartAsync(store, ("EventTypes:glance:Negative", "true"));
        await plain.ServesAsync(1);
        await negative.ServesAsync(1);
        Assert.NotEqual(Text(await AskAsync(plain)), Text(await AskAsync(negative)));
    }

    [Fact]
    public async Task What_counts_nothing_for_the_model_hides_nothing()
    {
        var store = new InProcessFactorStore();
        var seen = new SeenRecord(Shop.KeyOf(9), EventClass.Of(1), SeenTime.FromSeconds(1_700_000_000));
        await Shop.Whole.FillAsync(store, 1, Shop.Whole.User("u", 1, Shop.Bought(0), Shop.Bought(3)) with { Seen = new[] { seen } });
        await store.PutEventTypesAsync(s_types, Cancellation);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        Assert.DoesNotContain("item-09", Text(await host.GetAsync("/v1/users/u/recommendations?count=60")));
        await ReleaseAsync(store, 2, new EventTypeSettings { Weight = 0 });
        await host.ServesAsync(2);
        await Eventually.TrueAsync(async () => Text(await host.GetAsync("/v1/users/u/recommendations?count=60"))
            .Contains("item-09", StringComparison.Ordinal));
    }
}
