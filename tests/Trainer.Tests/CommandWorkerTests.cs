using System.Text;
using Recommender.Contracts;

namespace Recommender.Trainer.Tests;

public sealed class CommandWorkerTests
{
    private static readonly DateTimeOffset s_at = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Poisonous_commands_are_dead_letters_and_their_neighbours_are_applied()
    {
        await using var fixture = await TrainerFixture.CreateAsync();
        var dead = await fixture.Commands.HandleAsync(
            [TrainerFixture.Message(Encoding.UTF8.GetBytes("""[null,{"kind":"PutItem","acceptedAt":"2026-01-01T00:00:00Z"},{"kind":"PutItem","acceptedAt":"2026-01-01T00:00:00Z","item":{"itemId":"a"}}]""")), TrainerFixture.Message([0xff])],
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
        Assert.Empty(await fixture.SendAsync(new Command { Kind = CommandKind.EraseUser, AcceptedAt = s_at, UserId = "ann", ErasureId = "e1" }));
        Assert.Equal("""{"userId":"bob"}""", Encoding.UTF8.GetString(Assert.Single(fixture.DeadLetters.Bodies)));
    }
}
