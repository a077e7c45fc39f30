using System.Text;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Storage.Catalogue;

namespace Recommender.Trainer.Tests.Events;

public sealed class CommandWorkerTests
{
    private static readonly DateTimeOffset s_at = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Poisonous_commands_are_dead_letters_and_their_neighbours_are_applied()
    {
        await using var fixture = await TrainerFixture.CreateAsync();
        var dead = await fixture.Commands.HandleAsync(
            [TrainerFixture.Message(Encoding.UTF8.GetBytes(
                """[null,{"kind":"PutItem","acceptedAt":"2026-01-01T00:00:00Z"},{"kind":"PutItem","acceptedAt":"2026-01-01T00:00:00Z","item":{"itemId":"a"}}]""")), TrainerFixture.Message([0xff])],
            TestContext.Current.CancellationToken);
        Assert.Equal(3, dead.Count);
        Assert.Equal("a", Assert.Single(await fixture.Store.ReadCatalogueAsync(0, 10, TestContext.Current.CancellationToken)).ItemId);
    }

    [Fact]
    public async Task An_erased_user_goes_from_the_dead_letters_too()
    {
        await using var fixture = await TrainerFixture.CreateAsync();
        fixture.DeadLetters.Bodies.Add(Encoding.UTF8.GetBytes("""{"userId":"ann"}"""));
        fixture.DeadLetters.Bodies.Add(Encoding.UTF8.GetBytes("""{"userId":"bob"}"""));
        Assert.Empty(await fixture.SendAsync(new Command
        {
            Kind = CommandKind.EraseUser,
            AcceptedAt = s_at,
            UserId = "ann",
            ErasureId = "e1"
        }));
        Assert.Equal("""{"userId":"bob"}""", Encoding.UTF8.GetString(Assert.Single(fixture.DeadLetters.Bodies)));
    }

    /// <summary>Earlier versions stored the ids '.' and '..'; what they hold goes as that of any other user, item and session.</summary>
    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public async Task What_is_stored_under_a_dot_id_is_erased_deleted_and_merged(string id)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var fixture = await TrainerFixture.CreateAsync();
        await fixture.Store.StoreInteractionsAsync(
        [
            new Interaction { EventId = "u", UserId = id, ItemId = "a", Type = "view", OccurredAt = s_at },
            new Interaction { EventId = "s", SessionId = id, ItemId = "a", Type = "view", OccurredAt = s_at },
        ], cancellation);
        await fixture.Store.ApplyCatalogueAsync([Put(id, "dot")], cancellation);
        Assert.Empty(await fixture.SendAsync(
            new Command { Kind = CommandKind.EraseUser, AcceptedAt = s_at, UserId = id, ErasureId = "e" },
            new Command { Kind = CommandKind.DeleteItem, AcceptedAt = s_at, ItemId = id },
            new Command { Kind = CommandKind.MergeSession, AcceptedAt = s_at, UserId = "ann", SessionId = id }));
        Assert.Null(await fixture.Store.ExportUserAsync(id, cancellation));
        Assert.Equal(1, (await fixture.Store.GetErasureAsync("e", cancellation))!.EventsRemoved);
        Assert.True((await fixture.Store.GetItemAsync(id, cancellation))!.Deleted);
        Assert.Equal("s", Assert.Single((await fixture.Store.ExportUserAsync("ann", cancellation))!.Events).EventId);
    }

    private static Command Put(string id, string title, params float[] vector) =>
        new()
        {
            Kind = CommandKind.PutItem,
            AcceptedAt = s_at,
            Item = new Item { ItemId = id, Title = title, Vector = vector.Length > 0 ? vector : null }
        };

    [Fact]
    public async Task What_loses_against_a_condition_or_the_vector_length_is_a_dead_letter_with_the_reason()
    {
        await using var fixture = await TrainerFixture.CreateAsync();
        await fixture.SendAsync(Put("a", "one", 1, 2));
        string tag = EntityTag.Of(await fixture.Store.GetItemAsync("a", TestContext.Current.CancellationToken))!;
        var winner = Put("a", "two", 1, 2) with { IfMatch = [tag.Trim('"')], ChangeId = "w" };
        var dead = await fixture.SendAsync(winner, winner with { ChangeId = "l" }, Put("b", "wrong", 1, 2, 3));
        Assert.Equal(2, dead.Count);
        Assert.StartsWith("If-Match: does not hold: item 'a' has the entity tag", dead[0].Reason, StringComparison.Ordinal);
        Assert.StartsWith("vector: has 3 numbers; the vectors of this catalogue have 2.", dead[1].Reason, StringComparison.Ordinal);
        // Replayed they lose again, and the winner, delivered again, does not.
        Assert.Equal(2,
            (await fixture.Commands.HandleAsync([.. dead.Select(letter => TrainerFixture.Message(letter.Body.ToArray()))],
                TestContext.Current.CancellationToken)).Count);
        Assert.Empty(await fixture.SendAsync(winner));
        Assert.Equal("two", (await fixture.Store.GetItemAsync("a", TestContext.Current.CancellationToken))!.Item!.Title);
    }

    [Fact]
    public async Task A_command_that_comes_again_reaches_the_factor_store_though_it_changes_nothing()
    {
        await using var fixture = await TrainerFixture.CreateAsync();
        var patch = new Command
        {
            Kind = CommandKind.PatchItem,
            AcceptedAt = s_at,
            ItemId = "a",
            Patch = JsonElement.Parse("""{"title":"A"}"""),
            ChangeId = "c"
        };
        var delete = new Command { Kind = CommandKind.DeleteItem, AcceptedAt = s_at, ItemId = "b" };
        // As after a crash between the two stores.
        await fixture.Store.ApplyCatalogueAsync([patch, Put("b", "B"), delete, Put("c", "C")], TestContext.Current.CancellationToken);
        await fixture.SendAsync(patch, delete, Put("c", "C"));
        var items = (await fixture.FactorStore.ReadItemChangesAsync(0, 10, TestContext.Current.CancellationToken)).Items;
        Assert.Equal([("a", false, "A"), ("b", true, "B"), ("c", false, "C")],
            items.OrderBy(item => item.ItemId).Select(item => (item.ItemId, item.Deleted, item.Item!.Title!)));
    }

    [Fact]
    public async Task An_event_that_arrives_after_the_deletion_of_its_item_does_not_bring_it_to_serving()
    {
        await using var fixture = await TrainerFixture.CreateAsync();
        await fixture.SendAsync(new Command { Kind = CommandKind.DeleteItem, AcceptedAt = s_at, ItemId = "a" });
        await fixture.SendAsync(TrainerFixture.Event("ann", "a", s_at.AddDays(-1)));
        var item = Assert.Single((await fixture.FactorStore.ReadItemChangesAsync(0, 10, TestContext.Current.CancellationToken)).Items);
        Assert.Equal((true, true), (item.Deleted, double.IsFinite(item.Popularity)));
    }
}
