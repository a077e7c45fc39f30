using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Recommend.Requests;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>The pages of one answer together show at most <see cref="Limits.PagedItems"/> items, by GET and POST alike, and say so where
/// there are more.</summary>
public sealed class PageLimitTests
{
    [Theory]
    [InlineData(1000)]
    [InlineData(999)]
    public async Task The_page_that_reaches_the_limit_says_so_and_is_cut_there(int count)
    {
        await using var host = await StartAsync(Limits.PagedItems + 700);
        string[] paths = [$"/v1/items/popular?count={count}", $"/v1/users/nobody/recommendations?count={count}"];
        foreach (string path in paths) await WalkAsync(Limits.PagedItems, true,
            cursor => host.GetAsync(path + (cursor is null ? "" : "&cursor=" + cursor)));
        await WalkAsync(Limits.PagedItems, true, cursor => host.PostAsync(new { userId = "nobody", count, cursor }));
    }

    [Theory]
    [InlineData(Limits.PagedItems)]
    [InlineData(Limits.PagedItems - 1)]
    [InlineData(1500)]
    public async Task An_answer_that_ends_by_itself_does_not_say_so(int items)
    {
        await using var host = await StartAsync(items);
        await WalkAsync(items, false, cursor => host.GetAsync("/v1/items/popular?count=1000"
            + (cursor is null ? "" : "&cursor=" + cursor)));
        await WalkAsync(items, false, cursor => host.PostAsync(new { userId = "nobody", count = 1000, cursor }));
    }

    [Fact]
    public async Task A_cursor_of_earlier_versions_that_holds_the_limit_already_gives_an_empty_last_page()
    {
        await using var host = await StartAsync(Limits.PagedItems + 5);
        int[] keys = [.. Enumerable.Range(0, Limits.PagedItems).Select(Shop.KeyOf)];
        byte[] text = new byte[Cursor.TextBytes(keys.Length)];
        string cursor = System.Text.Encoding.ASCII.GetString(text, 0, Cursor.Write(keys, new byte[Cursor.ScratchBytes(keys.Length)], text));
        var answer = await host.GetAsync("/v1/items/popular?cursor=" + cursor);
        Assert.Empty(answer.Items);
        Assert.True(answer.LimitReached);
        Assert.Null(answer.Next);
    }

    /// <summary>The longest cursor fits into the longest request line the services take, 64 KiB.</summary>
    [Fact]
    public void The_longest_cursor_fits_into_a_query_string()
    {
        var random = new Random(1);
        var spread = new HashSet<int>();
        while (spread.Count < Limits.PagedItems - 1) spread.Add(random.Next());
        byte[] text = new byte[Cursor.TextBytes(spread.Count)];
        Assert.InRange(Cursor.Write(spread.ToArray(), new byte[Cursor.ScratchBytes(spread.Count)], text), 1, 60_000);
    }

    private static async Task<RecommendHost> StartAsync(int items)
    {
        var store = new InProcessFactorStore();
        var like = Shop.Record(1);
        await store.PutItemsAsync([.. Enumerable.Range(0, items)
            .Select(n => like with { ItemKey = Shop.KeyOf(n), ItemId = $"i{n}", Popularity = n })], TestContext.Current.CancellationToken);
        await store.SetGenerationAsync("first", TestContext.Current.CancellationToken);
        var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(null);
        return host;
    }

    private static async Task WalkAsync(int total, bool reached, Func<string?, Task<RecommendationResponse>> page)
    {
        var shown = new HashSet<string>();
        RecommendationResponse answer;
        string? cursor = null;
        int pages = 0;
        do
        {
            answer = await page(cursor);
            Assert.All(answer.Items, i => Assert.True(shown.Add(i.ItemId)));
            Assert.True(answer.LimitReached is null || answer.Next is null);
            cursor = answer.Next;
            Assert.InRange(++pages, 1, 20);
        }
        while (cursor is not null);
        Assert.Equal(total, shown.Count);
        Assert.Equal(reached ? true : null, answer.LimitReached);
    }
}
