using System.Text;
using Recommender.Contracts;

namespace Recommender.Trainer.Tests.Events;

public sealed class InteractionWorkerTests
{
    private static readonly DateTimeOffset s_at = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task An_event_with_the_id_of_another_is_a_dead_letter_and_stays_one_when_it_is_replayed()
    {
        await using var fixture = await TrainerFixture.CreateAsync();
        var first = TrainerFixture.Event("ann", "a", s_at);
        Assert.Empty(await fixture.SendAsync(first, first));
        var letter = Assert.Single(await fixture.SendAsync(first, first with { UserId = "bob" }, TrainerFixture.Event("ann", "b", s_at)));
        Assert.Equal($"eventId '{first.EventId}' is the id of another event, whose userId differs; send this event with an id of its "
            + $"own.", letter.Reason);
        Assert.Contains("\"userId\":\"bob\"", Encoding.UTF8.GetString(letter.Body.Span), StringComparison.Ordinal);
        var replayed = Assert.Single(await fixture.Interactions.HandleAsync([TrainerFixture.Message(letter.Body.ToArray())],
            TestContext.Current.CancellationToken));
        Assert.Equal(letter.Body.ToArray(), replayed.Body.ToArray());
        Assert.Equal(new StatusCounters(DuplicateEvents: 2, ConflictingEvents: 2),
            (await fixture.Store.GetStatusAsync(TestContext.Current.CancellationToken)).Counters);
        Assert.Null(await fixture.Store.ExportUserAsync("bob", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_conflicting_cloud_event_keeps_its_source_as_a_dead_letter()
    {
        await using var fixture = await TrainerFixture.CreateAsync();
        var first = TrainerFixture.Event("ann", "a", s_at) with { EventId = "1", CloudEventSource = "/shop" };
        var letter = Assert.Single(await fixture.SendAsync(first, first with { ItemId = "b" },
            first with { CloudEventSource = null, ItemId = "b" }));
        Assert.StartsWith("eventId '1' of source '/shop' is the id of another event, whose itemId differs", letter.Reason,
            StringComparison.Ordinal);
        Assert.Single(await fixture.Interactions.HandleAsync([TrainerFixture.Message(letter.Body.ToArray())],
            TestContext.Current.CancellationToken));
        Assert.Equal(2, (await fixture.Store.GetStatusAsync(TestContext.Current.CancellationToken)).Events);
    }
}
