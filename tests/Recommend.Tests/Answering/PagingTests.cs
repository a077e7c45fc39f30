using FsCheck.Fluent;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.Recommend.Requests;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

public sealed class PagingTests
{
    [Theory]
    [InlineData("/v1/users/reader/recommendations?count=7", 57)]
    [InlineData("/v1/users/nobody/recommendations?count=7", 60)]
    [InlineData("/v1/users/reader/recommendations?count=7&category=games", 20)]
    [InlineData("/v1/users/reader/recommendations?count=20&diversity=0.5", 57)]
    [InlineData("/v1/items/popular?count=7", 60)]
    [InlineData("/v1/items/trending?count=7", 60)]
    [InlineData("/v1/items/latest?count=60", 60)]
    [InlineData("/v1/items/item-05/similar?count=7", 59)]
    public async Task Pages_together_are_every_item_once(string path, int total)
    {
        await using var host = await StartAsync();
        var items = await AllPagesAsync(host, path);
        Assert.Equal(total, items.Count);
        Assert.Equal(total, items.Distinct().Count());

        // Nothing changed meanwhile, so the pages are the one long answer.
        if (!path.Contains("diversity")) Assert.Equal(
            (await host.GetAsync(path.Replace("count=7", "count=1000"))).Items.Select(i => i.ItemId), items);
    }

    [Fact]
    public async Task Pages_neither_repeat_nor_skip_while_models_events_and_catalogue_change()
    {
        await using var host = await StartAsync();
        int page = 0;
        var items = await AllPagesAsync(host, "/v1/users/reader/recommendations?count=6", async () =>
        {
            page++;
            var cancellation = TestContext.Current.CancellationToken;
            if (page == 2) await Shop.WithFactors(_ => true, seed: 77).ReleaseAsync(host.Store, 2);
            if (page == 3) await host.Store.PutUsersAsync(
                [Shop.Whole.User("reader", 1, Shop.Bought(0), Shop.Bought(3), Shop.Bought(6), Shop.Bought(1)) with { Revision = 2 }],
                    cancellation);
            if (page == 4) await host.Store.PutItemStatisticsAsync(
                [.. Enumerable.Range(0, 60).Select(n => new ItemStatisticsRecord(Shop.KeyOf(n), Shop.IdOf(n), 1000 - n, 7))], cancellation);
            if (page == 5) await host.Store.PutItemsAsync([Shop.Record(30) with { ItemKey = 9000, ItemId = "new-item" }], cancellation);
            if (page == 2) await host.ServesAsync(2);
            else if (page > 2) await host.ServesAsync(2);
        });
        Assert.Equal(items.Count, items.Distinct().Count());

        // Item 1 was bought while paging: whether it still appears depends on the page it was to be on.
        var expected = Enumerable.Range(0, 60).Except([0, 1, 3, 6]).Select(Shop.IdOf).Append("new-item");
        Assert.Empty(expected.Except(items));
    }

    [Fact]
    public void A_cursor_reads_back_what_was_written()
    {
        FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure, Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), numbers =>
        {
            int[] keys = [.. numbers.Select(Math.Abs).Where(k => k >= 0).Append(int.MaxValue).Distinct()];
            byte[] text = new byte[Cursor.TextBytes(keys.Length)];
            int length = Cursor.Write(keys.ToArray(), new byte[Cursor.ScratchBytes(keys.Length)], text);
            string written = System.Text.Encoding.ASCII.GetString(text, 0, length);
            var read = new List<int>();
            bool valid = Cursor.TryRead(written, read);

            // A change of any one character is noticed.
            int at = numbers.Length % written.Length;
            string changed = written[..at] + (written[at] == 'A' ? 'B' : 'A') + written[(at + 1)..];
            bool changedNoticed = !Cursor.TryRead(changed, new List<int>())
                || Convert.FromBase64String(Pad(changed)).AsSpan().SequenceEqual(Convert.FromBase64String(Pad(written)));
            return valid && read.SequenceEqual(keys.Order()) && changedNoticed;
        }));
    }

    private static string Pad(string text) => text.Replace('-', '+').Replace('_', '/') + new string('=', (4 - text.Length % 4) % 4);

    private static async Task<RecommendHost> StartAsync()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        return host;
    }

    private static async Task<List<string>> AllPagesAsync(RecommendHost host, string path, Func<Task>? between = null)
    {
        var items = new List<string>();
        string? cursor = null;
        do
        {
            var answer = await host.GetAsync(path + (cursor is null ? "" : "&cursor=" + cursor));
            Assert.NotEmpty(answer.Items);
            items.AddRange(answer.Items.Select(i => i.ItemId));
            cursor = answer.Next;
            if (between is not null) await between();
        }
        while (cursor is not null);
        return items;
    }
}
