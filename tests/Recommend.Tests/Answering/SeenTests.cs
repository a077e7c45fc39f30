using Microsoft.Extensions.DependencyInjection;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>What a user has seen is left out, all of it, by the rules of the placement.</summary>
public sealed class SeenTests : IAsyncLifetime
{
    private const int LongItems = 3000, FirstKey = 10_000;
    private static readonly string[] s_types = ["view", "purchase", "Cart", "impression"];

    private readonly InProcessFactorStore _store = new();
    private RecommendHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        await Shop.Whole.FillAsync(_store);
        await _store.PutItemsAsync([.. Enumerable.Range(0, LongItems)
            .Select(n => Shop.Record(0) with { ItemKey = FirstKey + n, ItemId = $"long-{n:0000}",
            Item = new Item { ItemId = $"long-{n:0000}", Categories = ["long"] } })], Stop);
        await _store.PutEventTypesAsync(s_types, Stop);
        _host = await RecommendHost.StartAsync(_store,
            ("EventTypes:impression:Weight", "0"),
            ("Placements:home:HideDays:view", "7"),
            ("Placements:home:HideDays:cart", "0"),
            ("Placements:shown:HideDays:impression", "1"),
            ("Placements:bought:HideDays:purchase", "Forever"),
            ("Placements:bought:HideDays:*", "0"),
            ("Placements:plain:Count", "3"));
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_that_was_seen_comes_back_however_much_it_is()
    {
        await PutAsync(Shop.Whole.User("long", 1, Shop.Bought(0), Shop.Bought(3)),
            [.. Enumerable.Range(0, LongItems - 7).Select(n => Seen(FirstKey + n, "purchase", 1000))]);
        var answer = await _host.GetAsync("/v1/users/long/recommendations?count=1000&category=long");
        Assert.Equal(Enumerable.Range(LongItems - 7, 7).Select(n => $"long-{n:0000}"),
            answer.Items.Select(i => i.ItemId).Order(StringComparer.Ordinal));
        Assert.Equal(1000, (await _host.GetAsync("/v1/users/long/recommendations?count=1000&category=long&includeSeen=true")).Items.Count);
        Assert.DoesNotContain(Shop.IdOf(3), await IdsAsync("/v1/users/long/recommendations?count=60&category=books"));
    }

    /// <summary>One item each: which placements hide it.</summary>
    [Theory]
    [InlineData("view", 6.9, "default,plain,home,shown")]
    [InlineData("view", 7.1, "default,plain,shown")]
    [InlineData("VIEW", 7.1, "default,plain,home,shown,bought")] // Not a name that is known: hidden.
    [InlineData("Cart", 0, "default,plain,shown")]
    [InlineData("purchase", 9000, "default,plain,home,shown,bought")]
    [InlineData("impression", 0.9, "shown")]
    [InlineData("impression", 1.1, "")]
    public async Task A_placement_sets_which_types_hide_and_for_how_long(string type, double daysAgo, string hidingPlacements)
    {
        // Beyond the history, and in it.
        var history = Shop.Bought(6, lastAtSeconds: (uint)DateTimeOffset.UtcNow.AddDays(-daysAgo).ToUnixTimeSeconds());
        await PutAsync(Shop.Whole.User("u", 1, Shop.Bought(0),
            history) with
        { HistoryClasses = new[] { ClassOf("purchase"), ClassOf(type) } }, Seen(Shop.KeyOf(30), type, daysAgo));
        foreach (string placement in new[] { "default", "plain", "home", "shown", "bought" })
        {
            var ids = await IdsAsync("/v1/users/u/recommendations?count=60" + (placement == "default" ? "" : "&placement=" + placement));
            bool isHidden = hidingPlacements.Split(',').Contains(placement);
            Assert.Equal((placement, !isHidden), (placement, ids.Contains(Shop.IdOf(30))));
            Assert.Equal((placement, !isHidden), (placement, ids.Contains(Shop.IdOf(6))));
            Assert.DoesNotContain(Shop.IdOf(0), ids);
            Assert.Equal(60, (await IdsAsync($"/v1/users/u/recommendations?count=60&includeSeen=true&placement=bought")).Count);
        }
    }

    [Fact]
    public async Task Any_event_that_hides_an_item_hides_it()
    {
        await PutAsync(Shop.Whole.User("u", 1, Shop.Bought(0)), Seen(Shop.KeyOf(30), "view", 30), Seen(Shop.KeyOf(30), "purchase", 90),
            Seen(Shop.KeyOf(33), "view", 30));
        var ids = await IdsAsync("/v1/users/u/recommendations?count=60&placement=home");
        Assert.DoesNotContain(Shop.IdOf(30), ids);
        Assert.Contains(Shop.IdOf(33), ids);
    }

    [Fact]
    public void Values_of_the_first_format_hide_their_history_for_ever()
    {
        byte[] value = Shop.Whole.User("old", 1, Shop.Bought(0), Shop.Bought(3)).Encode()[..^2];
        value[16] = 1;
        var engine = _host.Services.GetRequiredService<Engine>();
        foreach (string? placement in new[] { null, "home", "bought" })
        {
            var request = new Request
            {
                Count = 60,
                Placement = placement is null ? null : _host.Services.GetRequiredService<Placements>().Find(placement),
            };
            using var workspace = _host.Services.GetRequiredService<WorkspacePool>().Rent();
            var answer = engine.Recommend(_host.State, request, new Subject { User = value }, workspace);
            var ids = answer.Items.ToArray().Select(i => _host.State.Catalogue[i.Position]!.Id).ToList();
            Assert.Equal(60, ids.Count);
            Assert.DoesNotContain(Shop.IdOf(0), ids);
            Assert.DoesNotContain(Shop.IdOf(3), ids);
        }
    }

    [Fact]
    public async Task The_requests_own_history_and_exclusions_hide_whatever_the_rules()
    {
        await PutAsync(Shop.Whole.User("u", 1, Shop.Bought(0)) with { HistoryClasses = new[] { ClassOf("Cart") } });
        var answer = await _host.PostAsync(new
        {
            userId = "u",
            count = 60,
            placement = "bought",
            history = new[] { new { itemId = Shop.IdOf(9), type = "view" } },
            exclude = new[] { Shop.IdOf(12) }
        });
        string[] ids = [.. answer.Items.Select(i => i.ItemId)];
        Assert.Contains(Shop.IdOf(0), ids);
        Assert.DoesNotContain(Shop.IdOf(9), ids);
        Assert.DoesNotContain(Shop.IdOf(12), ids);
        var shown = await _host.PostAsync(new
        {
            userId = "u",
            count = 60,
            includeSeen = true,
            history = new[] { new { itemId = Shop.IdOf(9), type = "view" } }
        });
        Assert.Contains(Shop.IdOf(9), shown.Items.Select(i => i.ItemId));
    }

    [Fact]
    public async Task What_the_user_has_seen_is_left_out_of_an_answer_made_from_a_session_too()
    {
        // The model knows nothing of the user, whose only items came after the training.
        await PutAsync(Shop.Whole.User("u", 0, new HistoryRecord(FirstKey, 1, 1, 1_600_000_000)), Seen(FirstKey + 1, "view", 1));
        await _store.PutUsersAsync([Shop.Whole.State(UserRef.Session("s"), 1,
            Shop.Bought(0)) with { Seen = new[] { Seen(FirstKey + 2, "view", 1) } }], Stop);
        foreach (var answer in new[]
        {
            await _host.GetAsync("/v1/users/u/recommendations?sessionId=s&count=1000&category=long&category=books"),
            await _host.PostAsync(new { userId = "u", sessionId = "s", count = 1000,
                filter = new { must = new[] { new { key = "categories", any = new[] { "long", "books" } } } } }),
        })
        {
            Assert.Equal(Sources.Session, answer.Source);
            string[] ids = [.. answer.Items.Select(i => i.ItemId)];
            foreach (string seen in new[] { "long-0000", "long-0001", "long-0002", Shop.IdOf(0) }) Assert.DoesNotContain(seen, ids);
            Assert.Contains("long-0003", ids);
        }
    }

    [Fact]
    public async Task A_user_of_whom_only_what_they_have_seen_is_known_is_not_shown_it_again()
    {
        await PutAsync(Shop.Whole.User("u", 1), Seen(Shop.KeyOf(59), "view", 1));
        var answer = await _host.GetAsync("/v1/users/u/recommendations?count=3");
        Assert.Equal(Sources.Popular, answer.Source);
        Assert.Equal([Shop.IdOf(58), Shop.IdOf(57), Shop.IdOf(56)], answer.Items.Select(i => i.ItemId));
    }

    [Theory]
    [InlineData("Placements:p:HideDays:view", "-1",
        "Setting Placements:p:HideDays:view must be a number of days from 0, never, to 36500, or forever; got -1.")]
    [InlineData("Placements:p:HideDays:view", "a week", "Setting Placements:p:HideDays:view must be")]
    [InlineData("Placements:p:HideDays:view", "NaN", "Setting Placements:p:HideDays:view must be")]
    [InlineData("Placements:p:HideDays:view:days", "1", "Setting Placements:p:HideDays:view must be")]
    [InlineData("Placements:p:HideDays", "7",
        "Setting Placements:p:HideDays must have an entry for each event type, such as Placements:p:HideDays:view; * stands for all others.")]
    [InlineData("Placements:p:Hide", "7", "HideDays")]
    public async Task A_setting_that_cannot_be_used_is_named_with_the_fix(string key, string value, string message)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            RecommendHost.StartAsync(new InProcessFactorStore(), (key, value)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static byte ClassOf(string type) => EventClass.Of(Array.IndexOf(s_types, type) is var id and >= 0 ? id : 200);

    private static SeenRecord Seen(int itemKey, string type, double daysAgo) =>
        new(itemKey, ClassOf(type), SeenTime.FromSeconds(DateTimeOffset.UtcNow.AddDays(-daysAgo).ToUnixTimeSeconds()));

    private Task PutAsync(UserState user, params SeenRecord[] seen) => _store.PutUsersAsync([user with { Seen = seen }], Stop);

    private async Task<List<string>> IdsAsync(string path) => [.. (await _host.GetAsync(path)).Items.Select(i => i.ItemId)];
}
