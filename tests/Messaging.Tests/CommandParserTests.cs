using System.Text;
using Recommender.Contracts;
using Recommender.Messaging.Parsing;
using Xunit;

namespace Recommender.Messaging.Tests;

public sealed class CommandParserTests
{
    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public void A_poisonous_command_is_named_and_does_not_hold_up_the_others()
    {
        var (valid, dead) = CommandParser.Parse(Bytes("""
            [{"kind":"DeleteItem","acceptedAt":"2024-01-01T00:00:00Z","itemId":"a"}, null, 5,
             {"kind":"Nonsense","acceptedAt":"2024-01-01T00:00:00Z"}, {"kind":"PutItem","acceptedAt":"2024-01-01T00:00:00Z"},
             {"kind":"DeleteItem","acceptedAt":"2024-01-01T00:00:00Z","itemId":"b"}]
            """));
        Assert.Equal(["a", "b"], valid.Select(c => c.ItemId));
        Assert.Equal(4, dead.Count);
        Assert.Equal("element 4: item is required", dead[3].Reason);
        Assert.Equal("""[{"kind":"PutItem","acceptedAt":"2024-01-01T00:00:00Z"}]""", Encoding.UTF8.GetString(dead[3].Body.Span));
        Assert.Single(CommandParser.Parse(Bytes("not json")).Dead);
        Assert.Single(CommandParser.Parse(Bytes("{}")).Dead);
        Assert.Single(CommandParser.Parse(Array.Empty<byte>()).Dead);
    }

    [Theory]
    [InlineData(CommandKind.PutItem, "item")]
    [InlineData(CommandKind.PatchItem, "itemId")]
    [InlineData(CommandKind.DeleteItem, "itemId")]
    [InlineData(CommandKind.PutUser, "userId")]
    [InlineData(CommandKind.MergeSession, "userId")]
    [InlineData(CommandKind.EraseUser, "userId")]
    public void Every_kind_asks_for_what_it_needs(CommandKind kind, string field) =>
        Assert.Equal(field, CommandParser.ErrorOf(new Command { Kind = kind, AcceptedAt = default })?.Field);

    /// <summary>Earlier versions stored the ids '.' and '..': what takes them out is applied, what would bring them in is not.</summary>
    [Fact]
    public void Dot_ids_are_taken_out_and_never_in()
    {
        foreach (string id in (string[])[".", ".."])
        {
            var command = new Command
            {
                Kind = CommandKind.DeleteItem,
                AcceptedAt = default,
                ItemId = id,
                UserId = id,
                SessionId = id,
                ErasureId = "x",
                Item = new Item { ItemId = id },
                Profile = new UserProfile(),
                Patch = System.Text.Json.JsonElement.Parse("{}")
            };
            Assert.Null(CommandParser.ErrorOf(command));
            Assert.Null(CommandParser.ErrorOf(command with { Kind = CommandKind.EraseUser }));
            Assert.Null(CommandParser.ErrorOf(command with { Kind = CommandKind.MergeSession, UserId = "u" }));
            Assert.Equal("userId", CommandParser.ErrorOf(command with { Kind = CommandKind.MergeSession })?.Field);
            Assert.Equal("itemId", CommandParser.ErrorOf(command with { Kind = CommandKind.PutItem })?.Field);
            Assert.Equal("itemId", CommandParser.ErrorOf(command with { Kind = CommandKind.PatchItem })?.Field);
            Assert.Equal("userId", CommandParser.ErrorOf(command with { Kind = CommandKind.PutUser })?.Field);
        }
    }

    [Theory]
    [InlineData("""{"userId":"ann","itemId":"x"}""", true)]
    [InlineData("""[{"userId":"bob"},{"data":{"userId":"\u0061nn"}}]""", true)]
    [InlineData("""{"userId":"ann2"}""", false)]
    [InlineData("""{"itemId":"ann"}""", false)]
    [InlineData("""broken {"userId":"ann" """, true)]
    [InlineData("""broken {"userId":"anna" """, false)]
    public void Letters_that_name_an_erased_user_are_found(string body, bool named) =>
    Assert.Equal(named, UserMention.IsIn(Bytes(body), "ann"));
}
