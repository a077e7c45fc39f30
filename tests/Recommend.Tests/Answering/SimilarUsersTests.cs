using System.Net;
using System.Net.Http.Json;
using System.Numerics.Tensors;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Recommend.Answering;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

public sealed class SimilarUsersTests
{
    private static readonly (string, string?) s_often = ("Recommend:SimilarUsersRefreshSeconds", "0.05");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Users_who_never_asked_are_found_and_sessions_and_those_without_a_factor_are_not()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store, 1,
            Shop.Whole.User("reader-2", 1, Shop.Bought(9), Shop.Bought(12)),
            Shop.Whole.User("bare", 1) with { Factor = default },
            Shop.Whole.State(UserRef.Session("session"), 1, Shop.Bought(0), Shop.Bought(3), Shop.Bought(6)));
        await using var host = await ServeAsync(store);
        var similar = await FindAsync(host, "reader", 5);
        Assert.Equal(1, similar.ModelVersion);
        Assert.Equal(["reader-2", "gamer"], similar.Users.Select(u => u.UserId));
        Assert.True(similar.Users[0].Score > 0.5f);
        Assert.Equal(["reader-2"], (await FindAsync(host, "reader", 1)).Users.Select(u => u.UserId));
        Assert.Empty((await FindAsync(host, "reader", 0)).Users);
        Assert.Empty((await FindAsync(host, "bare", 5)).Users);
        Assert.Empty((await FindAsync(host, "nobody", 5)).Users);
        var info = await host.Client.GetFromJsonAsync("/v1/serving", ContractsJson.Default.ServingInfo, Stop);
        Assert.Equal(3, info!.SimilarUsers);
    }

    [Fact]
    public async Task Of_100_000_users_exactly_the_nearest_are_found_in_order_and_one_who_is_erased_is_gone_at_once()
    {
        var random = new Random(3);
        UserState[] users = [.. Enumerable.Range(0, 100_000).Select(n => new UserState
        {
            User = UserRef.User("u" + n),
            Revision = 1,
            ModelVersion = 1,
            Factor = Enumerable.Range(0, Shop.Rank).Select(_ => random.NextSingle() - 0.5f).ToArray(),
            History = new[] { Shop.Bought(0) },
        })];
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store, 1, users);
        await using var host = await ServeAsync(store);
        var nearest = users[1..].OrderByDescending(u => TensorPrimitives.CosineSimilarity(users[0].Factor.Span, u.Factor.Span)).Take(21)
            .Select(u => u.User.Id).ToList();
        await Eventually.TrueAsync(async () =>
            (await host.Client.GetAsync(new Uri("/v1/users/u0/similar", UriKind.Relative), Stop)).IsSuccessStatusCode);
        var found = (await FindAsync(host, "u0", 20)).Users;
        Assert.Equal(nearest[..20], found.Select(u => u.UserId));
        Assert.Equal(found.OrderByDescending(u => u.Score), found);

        // No notice has come, and no pass: the answer is checked against the factor store.
        await store.EraseUsersAsync([UserRef.User(nearest[3])], 2, Stop);
        nearest.RemoveAt(3);
        Assert.Equal(nearest, (await FindAsync(host, "u0", 20)).Users.Select(u => u.UserId));
    }

    [Fact]
    public async Task An_erased_user_leaves_the_index_by_the_notice()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var host = await ServeAsync(store);
        Assert.NotEmpty((await FindAsync(host, "reader", 5)).Users);
        Assert.Equal(2, host.Services.GetRequiredService<UserIndexer>().Users);
        host.Services.GetRequiredService<SimilarUsers>().Forget("gamer");
        Assert.Equal(1, host.Services.GetRequiredService<UserIndexer>().Users);
    }

    [Fact]
    public async Task An_erased_user_leaves_the_index_by_the_next_pass_where_no_notice_came_and_others_come_in()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var host = await ServeAsync(store, s_often);
        Assert.Equal(["gamer"], await IdsAsync(host, "reader"));
        var indexer = host.Services.GetRequiredService<UserIndexer>();
        await store.EraseUsersAsync([UserRef.User("gamer")], 2, Stop);
        await Eventually.TrueAsync(() => indexer.Users == 1);
        Assert.Empty(await IdsAsync(host, "reader"));

        // A session was merged into a user who had no events.
        await store.PutUsersAsync([Shop.Whole.User("merged", 1, Shop.Bought(0), Shop.Bought(6))], Stop);
        await Eventually.TrueAsync(async () => (await IdsAsync(host, "reader")).Contains("merged"));
        await store.PutUsersAsync([Shop.Whole.User("gamer", 1, Shop.Bought(1)) with { Revision = 3 }], Stop);
        await Eventually.TrueAsync(async () => (await IdsAsync(host, "reader")).SequenceEqual(["merged", "gamer"]));
    }

    [Fact]
    public async Task After_a_release_users_are_compared_by_their_factors_of_the_new_model_as_they_get_them()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store, 1, Shop.Whole.User("reader-2", 1, Shop.Bought(9)));
        await using var host = await ServeAsync(store, s_often);
        Assert.Equal(["reader-2", "gamer"], await IdsAsync(host, "reader"));
        await Shop.Whole.ReleaseAsync(store, 2);
        await host.ServesAsync(2);

        // Only one has a factor of it yet; the asking user is folded in on the spot.
        await store.PutUsersAsync([Shop.Whole.User("new", 2, Shop.Bought(3))], Stop);
        await Eventually.TrueAsync(async () => (await IdsAsync(host, "reader")).SequenceEqual(["new"]));
        await store.PutUsersAsync([Shop.Whole.User("reader", 2, Shop.Bought(0), Shop.Bought(3), Shop.Bought(6)),
            Shop.Whole.User("gamer", 2, Shop.Bought(1), Shop.Bought(4))], Stop);
        await Eventually.TrueAsync(async () => (await IdsAsync(host, "reader")).SequenceEqual(["new", "gamer"]));
        Assert.Equal(2, (await FindAsync(host, "reader", 5)).ModelVersion);
    }

    [Fact]
    public async Task While_many_users_are_read_the_answer_is_503_with_a_time_and_nothing_is_read_before_anyone_asks()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int listings = 0;
        var store = new FailingFactorStore(new InProcessFactorStore())
        {
            BeforeListing = () =>
            {
                Interlocked.Increment(ref listings);
                return gate.Task;
            },
        };
        await Shop.Whole.FillAsync(store);
        await using var host = await ServeAsync(store);
        await host.GetAsync("/v1/users/reader/recommendations");
        Assert.Equal(0, Volatile.Read(ref listings));
        var response = await host.Client.GetAsync(new Uri("/v1/users/reader/similar", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), response.Headers.RetryAfter!.Delta);
        Assert.Equal(1, Volatile.Read(ref listings));

        // Erased while the pass has already read them.
        host.Services.GetRequiredService<SimilarUsers>().Forget("gamer");
        gate.SetResult();
        await Eventually.TrueAsync(() => host.Services.GetRequiredService<UserIndexer>().Users == 1);
        Assert.Empty(await IdsAsync(host, "reader"));
    }

    [Fact]
    public async Task A_factor_store_that_is_gone_or_emptied_is_said_and_recovered_from()
    {
        var store = new FailingFactorStore(new InProcessFactorStore());
        await Shop.Whole.FillAsync(store);
        await using var host = await ServeAsync(store, s_often);
        Assert.Equal(["gamer"], await IdsAsync(host, "reader"));
        store.IsGone = true;
        await Eventually.TrueAsync(async () =>
            (await host.Client.GetAsync(new Uri("/v1/users/reader/similar", UriKind.Relative), Stop))
            .StatusCode == HttpStatusCode.ServiceUnavailable);

        // Users may be erased meanwhile, so nobody is kept.
        await Eventually.TrueAsync(() => host.Services.GetRequiredService<UserIndexer>().Users == 0);
        store.Inner = new InProcessFactorStore();
        store.IsGone = false;
        await Shop.Whole.FillAsync(store);
        await Eventually.TrueAsync(async () =>
        {
            var response = await host.Client.GetAsync(new Uri("/v1/users/reader/similar", UriKind.Relative), Stop);
            return response.IsSuccessStatusCode
                && (await response.Content.ReadFromJsonAsync(ContractsJson.Default.SimilarUsersResponse,
                Stop))!.Users is [{ UserId: "gamer" }];
        });
    }

    [Fact]
    public async Task Switched_off_it_says_so()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var host = await ServeAsync(store, ("Recommend:SimilarUsersLimit", "0"));
        var response = await host.Client.GetAsync(new Uri("/v1/users/reader/similar", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.NotImplemented, response.StatusCode);
        Assert.Contains("Recommend:SimilarUsersLimit is 0",
            (await response.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Recommend:SimilarUsersLimit", "-1", "Setting Recommend:SimilarUsersLimit must be between 0 and 100000000; got -1.")]
    [InlineData("Recommend:SimilarUsersRefreshSeconds", "0",
        "Setting Recommend:SimilarUsersRefreshSeconds must be between 0.05 and 3600; got 0.")]
    public async Task A_setting_out_of_range_is_named_with_the_fix(string key, string value, string message)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            RecommendHost.StartAsync(new InProcessFactorStore(), (key, value)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_model_nobody_is_similar()
    {
        await using var host = await RecommendHost.StartAsync(new InProcessFactorStore());
        await host.ServesAsync(null);
        Assert.Empty(await IdsAsync(host, "reader"));
    }

    private static async Task<RecommendHost> ServeAsync(IFactorStore store, params (string Key, string? Value)[] settings)
    {
        var host = await RecommendHost.StartAsync(store, settings);
        await host.ServesAsync(1);
        return host;
    }

    private static async Task<SimilarUsersResponse> FindAsync(RecommendHost host, string userId, int count) =>
        (await host.Client.GetFromJsonAsync($"/v1/users/{userId}/similar?count={count}", ContractsJson.Default.SimilarUsersResponse,
            Stop))!;

    private static async Task<List<string>> IdsAsync(RecommendHost host, string userId) =>
        [.. (await FindAsync(host, userId, 20)).Users.Select(u => u.UserId)];
}
