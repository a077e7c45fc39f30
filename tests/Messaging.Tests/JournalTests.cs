using System.Text;
using Recommender.Messaging.Embedded;
using Recommender.Messaging.Streams;
using Xunit;

namespace Recommender.Messaging.Tests;

public sealed class JournalTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "journal-" + Guid.NewGuid().ToString("N"));
    private Journal _journal = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Task<Journal> OpenAsync() => Journal.OpenAsync(Path.Combine(_folder, "journal.db"), Stop);

    public async ValueTask InitializeAsync() => _journal = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await _journal.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] Body(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> body) => Encoding.UTF8.GetString(body.Span);

    private async Task<string> ReadableAsync(string stream, long after = 0) =>
        string.Join(' ', (await _journal.ReadAsync(stream, after, int.MaxValue, Stop)).Select(e => Text(e.Body)));

    [Fact]
    public async Task What_is_appended_is_read_in_order_and_survives_reopening()
    {
        Assert.Equal("", await ReadableAsync("a"));
        Assert.Equal(1, await _journal.AppendAsync("a", Body("one"), "h1", Stop));
        Assert.Equal(2, await _journal.AppendAsync("a", Body("two"), null, Stop));
        await _journal.AppendAsync("b", Body("other"), null, Stop);
        await _journal.RemoveAsync("a", 1, [(Body("bad"), "h", "broken")], Stop);
        await _journal.DisposeAsync();
        _journal = await OpenAsync();

        Assert.Equal("two", await ReadableAsync("a"));
        Assert.Equal("other", await ReadableAsync("b"));
        Assert.Equal((1, 1), ((int)_journal.GetDepths()["a"], (int)_journal.GetDepths()["b"]));
        Assert.Equal(1, _journal.DeadLetterCount);
        // Ids go on where they were.
        Assert.Equal(3, await _journal.AppendAsync("a", Body("three"), null, Stop));
        Assert.Equal("three", await ReadableAsync("a", 2));
    }

    [Fact]
    public async Task Ids_are_not_given_again_after_everything_was_removed_and_reopened()
    {
        await _journal.AppendAsync("a", Body("one"), null, Stop);
        await _journal.RemoveAsync("a", 1, Stop);
        await _journal.DisposeAsync();
        _journal = await OpenAsync();
        Assert.Equal(2, await _journal.AppendAsync("a", Body("two"), null, Stop));
        Assert.Equal("two", await ReadableAsync("a", 1));
    }

    [Fact]
    public async Task Concurrent_appends_all_arrive_once()
    {
        long[] ids = await Task.WhenAll(Enumerable.Range(0, 2000).Select(n => _journal.AppendAsync("a", Body($"{n}"), null, Stop)));
        Assert.Equal(Enumerable.Range(1, 2000).Select(n => (long)n), ids.Order());
        var entries = await _journal.ReadAsync("a", 0, int.MaxValue, Stop);
        foreach (var entry in entries) Assert.Equal(ids[int.Parse(Text(entry.Body), null)], entry.Id);
        Assert.Equal(2000, entries.Count);
        Assert.Equal(2000, _journal.GetDepths()["a"]);
    }

    [Fact]
    public async Task Reading_stops_at_the_byte_limit_but_gives_at_least_one()
    {
        foreach (string text in new[] { "12345", "67890", "abcde" }) await _journal.AppendAsync("a", Body(text), null, Stop);
        Assert.Single(await _journal.ReadAsync("a", 0, 1, Stop));
        Assert.Single(await _journal.ReadAsync("a", 0, 9, Stop));
        Assert.Equal(2, (await _journal.ReadAsync("a", 0, 10, Stop)).Count);
        Assert.Equal(3, (await _journal.ReadAsync("a", 0, 100, Stop)).Count);
    }

    [Fact]
    public async Task Waiting_ends_with_the_next_append()
    {
        var waiting = _journal.WaitAsync("a", 0, Stop);
        Assert.False(waiting.IsCompleted);
        await _journal.AppendAsync("b", Body("elsewhere"), null, Stop);
        Assert.False(waiting.IsCompleted);
        await _journal.AppendAsync("a", Body("here"), null, Stop);
        await waiting;
        await _journal.WaitAsync("a", 0, Stop);
        Assert.False(_journal.WaitAsync("a", 1, Stop).IsCompleted);
    }

    [Fact]
    public async Task Dead_letters_keep_reason_and_headers_and_are_replayed_to_their_streams_once()
    {
        await _journal.AppendAsync("a", Body("[1,2,3]"), "trace", Stop);
        await _journal.AppendAsync("b", Body("[4]"), null, Stop);
        await _journal.RemoveAsync("a", 1, [(Body("[2]"), "trace", "itemId is required")], Stop);
        await _journal.RemoveAsync("a", 1, [(Body("[2]"), "trace", "itemId is required")], Stop);
        await _journal.RemoveAsync("b", 1, [(Body("[4]"), null, "not JSON")], Stop);

        var letters = await _journal.ListDeadLettersAsync(0, 10, Stop);
        Assert.Equal([("a", "[2]", "trace", "itemId is required"), ("b", "[4]", null, "not JSON")],
            letters.Select(l => (l.Stream, Text(l.Body), l.Headers, l.Reason)));
        Assert.Equal(2, _journal.DeadLetterCount);
        Assert.Single(await _journal.ListDeadLettersAsync(letters[0].Id, 10, Stop));

        Assert.Equal(2, await _journal.ReplayDeadLettersAsync(Stop));
        Assert.Equal(0, await _journal.ReplayDeadLettersAsync(Stop));
        Assert.Equal(0, _journal.DeadLetterCount);
        Assert.Equal("[2]", await ReadableAsync("a"));
        Assert.Equal("[4]", await ReadableAsync("b"));
        Assert.Equal((1L, 1L), (_journal.GetDepths()["a"], _journal.GetDepths()["b"]));
    }

    [Fact]
    public async Task Dead_letters_are_removed_by_predicate()
    {
        await _journal.AppendAsync("a", Body("x"), null, Stop);
        await _journal.RemoveAsync("a", 1, [(Body("ann"), null, "r"), (Body("bob"), null, "r")], Stop);
        Assert.Equal(1, await _journal.RemoveDeadLettersAsync(letter => Text(letter.Body) == "ann", Stop));
        Assert.Equal("bob", Text(Assert.Single(await _journal.ListDeadLettersAsync(0, 10, Stop)).Body));
        Assert.Equal(1, _journal.DeadLetterCount);
    }

    [Fact]
    public async Task A_full_disk_fails_whole_groups_and_leaves_nothing_of_them()
    {
        await _journal.AppendAsync("a", Body("first"), null, Stop);
        await _journal.Database.ExecuteAsync("PRAGMA max_page_count = 60", Stop);
        var appends = Enumerable.Range(0, 200).Select(n => _journal.AppendAsync("a", new byte[2000 + n], null, Stop)).ToArray();
        var lengths = new List<int>();
        foreach (var (append, n) in appends.Select((append, n) => (append, n)))
        {
            try
            {
                await append;
                lengths.Add(2000 + n);
            }
            catch (StreamUnavailableException e)
            {
                Assert.True(e.IsFull);
            }
        }

        Assert.True(lengths.Count < 200);
        Assert.Equal(lengths, (await _journal.ReadAsync("a", 1, int.MaxValue, Stop)).Select(entry => entry.Body.Length));
        Assert.Equal(lengths.Count + 1, _journal.GetDepths()["a"]);
        // What is processed makes space.
        await _journal.RemoveAsync("a", long.MaxValue, Stop);
        await _journal.AppendAsync("a", Body("again"), null, Stop);
        Assert.Equal("again", await ReadableAsync("a"));
    }

    [Fact]
    public async Task A_second_opener_is_refused() => await Assert.ThrowsAsync<StreamUnavailableException>(OpenAsync);

    [Fact]
    public async Task Stream_names_are_checked() =>
    await Assert.ThrowsAsync<ArgumentException>(() => _journal.AppendAsync("a\"; DROP", Body(""), null, Stop));

    [Fact]
    public async Task After_closing_nothing_is_accepted()
    {
        await _journal.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _journal.AppendAsync("a", Body(""), null, Stop));
    }
}
