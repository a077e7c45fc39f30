using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Recommender.Contracts.Tests;

public sealed class ValidationTests
{
    private static readonly DateTimeOffset s_now = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Interaction s_valid =
        new()
        {
            EventId = "e",
            UserId = "u",
            SessionId = "s",
            ItemId = "i",
            Type = "view",
            Value = 1,
            OccurredAt = s_now,
            RecommendationId = "r",
            Context = JsonElement.Parse("{}")
        };

    [Fact]
    public void A_complete_event_is_valid_and_so_are_the_least_and_the_largest()
    {
        Assert.Null(s_valid.Validate(s_now));
        Assert.Null(new Interaction { SessionId = "s", ItemId = "i", Type = "t" }.Validate(s_now));
        Assert.Null((s_valid with
        {
            UserId = new string('ü', 128),
            Value = -Limits.EventValue,
            OccurredAt = s_now + Limits.ClockSkew,
            Type = new string('t', 128),
            Context = JsonElement.Parse("{\"a\":\"" + new string('x', Limits.ContextBytes - 8) + "\"}"),
        }).Validate(s_now));
    }

    public static TheoryData<Interaction, string> Invalid => new()
    {
        { s_valid with { EventId = "" }, "eventId" },
        { s_valid with { UserId = null, SessionId = null }, "userId" },
        { s_valid with { UserId = new string('ü', 129) }, "userId" },
        { s_valid with { UserId = "a\nb" }, "userId" },
        { s_valid with { UserId = "a\u0085b" }, "userId" },
        { s_valid with { UserId = "\ud800" }, "userId" },
        { s_valid with { UserId = "\udc00\ud800" }, "userId" },
        { s_valid with { SessionId = "" }, "sessionId" },
        { s_valid with { ItemId = null }, "itemId" },
        { s_valid with { ItemId = new string('x', 257) }, "itemId" },
        { s_valid with { Type = null }, "type" },
        { s_valid with { Type = new string('x', 129) }, "type" },
        { s_valid with { Value = double.NaN }, "value" },
        { s_valid with { Value = double.PositiveInfinity }, "value" },
        { s_valid with { Value = Limits.EventValue * 2 }, "value" },
        { s_valid with { OccurredAt = s_now + Limits.ClockSkew + TimeSpan.FromTicks(1) }, "occurredAt" },
        { s_valid with { OccurredAt = new DateTimeOffset(1969, 12, 31, 23, 59, 59, TimeSpan.Zero) }, "occurredAt" },
        { s_valid with { RecommendationId = "" }, "recommendationId" },
        { s_valid with { Context = JsonElement.Parse("[]") }, "context" },
        { s_valid with { Context = JsonElement.Parse("{\"a\":\"" + new string('x', Limits.ContextBytes) + "\"}") }, "context" },
        { s_valid with { Context = JsonElement.Parse("{\"a\":\"" + new string('ü', Limits.ContextBytes / 2) + "\"}") }, "context" },
        { s_valid with { Context = JsonElement.Parse("""{"a":{"b":["\u0000"]}}""") }, "context" },
        { s_valid with { Context = JsonElement.Parse("""{"\u0000":1}""") }, "context" },
        { s_valid with { Context = JsonElement.Parse("""{"a":"\ud800"}""") }, "context" },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void The_wrong_field_of_an_event_is_named(Interaction interaction, string field) =>
    Assert.Equal(field, interaction.Validate(s_now)?.Field);

    [Fact]
    public void Ids_hold_any_text_without_control_characters_of_1_to_256_bytes()
    {
        Prop.ForAll<string?>(text =>
        {
            bool valid = text is { Length: > 0 } and not ("." or "..") && !text.Any(char.IsControl) && IsUnicode(text)
                && Encoding.UTF8.GetByteCount(text) <= 256;
            return Limits.IdError(text) is null == valid;
        }).QuickCheckThrowOnFailure();

        static bool IsUnicode(string text)
        {
            try
            {
                _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
                return true;
            }
            catch (EncoderFallbackException)
            {
                return false;
            }
        }
    }

    /// <summary>Clients, proxies and servers resolve dot segments of paths, so such an id could never be erased.</summary>
    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public void Ids_that_no_path_can_carry_are_refused_at_every_door_but_stay_erasable(string id)
    {
        Assert.Equal($"is '{id}', which no path can carry; use any other text", Limits.IdError(id));
        Assert.Null(Limits.StoredIdError(id));
        Assert.Equal("eventId", (s_valid with { EventId = id }).Validate(s_now)?.Field);
        Assert.Equal("userId", (s_valid with { UserId = id }).Validate(s_now)?.Field);
        Assert.Equal("sessionId", (s_valid with { SessionId = id }).Validate(s_now)?.Field);
        Assert.Equal("itemId", (s_valid with { ItemId = id }).Validate(s_now)?.Field);
        Assert.Equal("itemId", new Item { ItemId = id }.Validate()?.Field);
        Assert.All([id + ".", id + "/", "/" + id, id + " ", "%2E", "..."],
            other => Assert.Null(Limits.IdError(other == ".." ? "..." : other)));
    }

    /// <summary>An error follows its field's name, in details and in lists of rejected elements.</summary>
    [Fact]
    public void No_error_states_its_field_again()
    {
        Assert.All(Invalid, row =>
        {
            var (field, error) = ((Interaction)row.Data.Item1).Validate(s_now)!;
            Assert.DoesNotContain(field, error, StringComparison.OrdinalIgnoreCase);
        });
        var tooMany = new Item
        {
            ItemId = "a",
            Categories = [.. Enumerable.Range(0, 200).Select(i => $"c{i}")],
            Tags = [.. Enumerable.Range(0, 100).Select(i => $"t{i}")]
        };
        Assert.Equal(new FieldError("categories", "has 300 entries together with tags; at most 256 are allowed"), tooMany.Validate());
        Assert.Equal(new FieldError("userId", "is required unless sessionId is given"),
            new Interaction { ItemId = "a", Type = "view" }.Validate(s_now));
    }

    [Theory]
    [InlineData("""{"itemId":"a"}""", null)]
    [InlineData("""{"itemId":"a","properties":{"n":1.5,"t":"x","b":true,"z":null,"l":["a","b"]}}""", null)]
    [InlineData("""{"title":"x"}""", "itemId")]
    [InlineData("""{"itemId":"a","title":"\u0000"}""", "title")]
    [InlineData("""{"itemId":"a","url":"\u0000"}""", "url")]
    [InlineData("""{"itemId":"a","imageUrl":"\u0000"}""", "imageUrl")]
    [InlineData("""{"itemId":"a","categories":["a",""]}""", "categories[1]")]
    [InlineData("""{"itemId":"a","categories":null}""", "categories")]
    [InlineData("""{"itemId":"a","tags":["\u0001"]}""", "tags[0]")]
    [InlineData("""{"itemId":"a","properties":null}""", "properties")]
    [InlineData("""{"itemId":"a","properties":{"p":{}}}""", "properties.p")]
    [InlineData("""{"itemId":"a","properties":{"p":[1]}}""", "properties.p")]
    [InlineData("""{"itemId":"a","properties":{"p":1e999}}""", "properties.p")]
    [InlineData("""{"itemId":"a","properties":{"p":"\u0000"}}""", "properties.p")]
    [InlineData("""{"itemId":"a","properties":{"p":"\ud800"}}""", "properties.p")]
    [InlineData("""{"itemId":"a","properties":{"":1}}""", "properties.")]
    [InlineData("""{"itemId":"a","vector":[]}""", "vector")]
    [InlineData("""{"itemId":"a","vector":[1,1e39]}""", "vector[1]")]
    public void The_wrong_field_of_an_item_is_named(string json, string? field) =>
        Assert.Equal(field, JsonSerializer.Deserialize(json, ContractsJson.Default.Item)!.Validate()?.Field);

    [Fact]
    public void Counts_and_lengths_of_an_item_are_limited()
    {
        var item = new Item { ItemId = "a" };
        Assert.Null((item with { Categories = [.. Enumerable.Range(0, Limits.LabelsPerItem).Select(i => $"c{i}")] }).Validate());
        Assert.Equal("categories",
            (item with { Categories = [.. Enumerable.Range(0, Limits.LabelsPerItem + 1).Select(i => $"c{i}")] }).Validate()?.Field);
        Assert.Equal("title", (item with { Title = new string('x', Limits.TitleBytes + 1) }).Validate()?.Field);
        Assert.Equal("vector", (item with { Vector = new float[Limits.VectorLength + 1] }).Validate()?.Field);
        Assert.Equal("properties",
            (item with
            {
                Properties = Enumerable.Range(0, Limits.Properties + 1)
                .ToDictionary(i => $"p{i}", _ => JsonElement.Parse("1"))
            }).Validate()?.Field);
    }

    [Fact]
    public void Users_and_sessions_of_one_name_are_different()
    {
        Assert.NotEqual(UserRef.User("a"), UserRef.Session("a"));
        Assert.Equal(UserRef.User("u"), UserRef.Of(s_valid));
        Assert.Equal("s:s", UserRef.Of(s_valid with { UserId = null }).Key);
        Assert.Throws<ArgumentException>(() => UserRef.Of(new Interaction()));
    }
}
