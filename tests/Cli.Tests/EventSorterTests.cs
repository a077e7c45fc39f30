using FsCheck;
using FsCheck.Fluent;
using Recommender.Cli.Import.Sending;
using Recommender.Client;
using Recommender.Contracts;
using Xunit;

namespace Recommender.Cli.Tests;

public sealed class EventSorterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Order_is_that_of_a_stable_sort_however_much_goes_to_disk(int chunkSize) => Prop.ForAll<byte[]>(times =>
    {
        var events = times.Select((t, i) => Event(t % 8, i)).ToArray();
        using var sorter = new EventSorter(chunkSize);
        foreach (var e in events) sorter.Add(e);
        Assert.Equal(events.OrderBy(e => e.OccurredAt), sorter.Read());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_field_survives_the_disk()
    {
        var full = new Interaction
        {
            EventId = "e",
            UserId = "ü",
            SessionId = "s",
            ItemId = "i",
            Type = "t",
            Value = -0.1,
            OccurredAt = DateTimeOffset.UnixEpoch.AddTicks(12_345)
        };
        var bare = new Interaction { ItemId = "i", SessionId = "s", Type = "t", Value = 0, OccurredAt = DateTimeOffset.UnixEpoch };
        using var sorter = new EventSorter(1);
        sorter.Add(full);
        sorter.Add(bare);
        Assert.Equal([bare, full], sorter.Read());
    }

    [Fact]
    public void A_batch_is_cut_between_times_where_it_can_be()
    {
        var events = new[] { 0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 3, 3, 3 }.Select(Event).ToArray();
        var batches = EventBatches.Cut(events, 3).Select(b => b.Count).ToArray();
        Assert.Equal([5, 6, 2], batches);
        Assert.Equal(events, EventBatches.Cut(events, 3).SelectMany(b => b));
    }

    private static Interaction Event(int second, int number) =>
        new()
        {
            EventId = $"e{number}",
            UserId = "u",
            ItemId = "i",
            Type = "view",
            OccurredAt = DateTimeOffset.UnixEpoch.AddSeconds(second)
        };
}
