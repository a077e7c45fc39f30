using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Messaging.Parsing;
using Recommender.Messaging.Streams;
using Xunit;

namespace Recommender.Messaging.Tests;

public sealed class InteractionParserTests
{
    private static readonly DateTimeOffset s_now = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private static Delivery Message(string body, string? messageId = null, DateTimeOffset? sentAt = null) =>
        new(Encoding.UTF8.GetBytes(body), [], false) { MessageId = messageId, SentAt = sentAt };

    [Fact]
    public void A_byte_order_mark_is_skipped_and_UTF16_is_named()
    {
        const string Event = """{"userId":"u","itemId":"i","type":"view"}""";
        Assert.Single(InteractionParser.Parse(Message("\ufeff" + Event), s_now).Valid);
        foreach (byte[] body in (byte[][])[[.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Event)],
            Encoding.Unicode.GetBytes(Event), Encoding.BigEndianUnicode.GetBytes(Event)])
            Assert.Contains("UTF-16", Assert.Single(InteractionParser.Parse(new Delivery(body, [], false), s_now).Rejected).Error,
                StringComparison.Ordinal);
    }

    [Fact]
    public void One_object_or_an_array_is_taken()
    {
        Assert.Equal("i", Assert.Single(InteractionParser.Parse(Message("""  {"userId":"u","itemId":"i","type":"view"} """),
            s_now).Valid).ItemId);
        Assert.Equal(["i", "j"], InteractionParser.Parse(
            Message("""[{"userId":"u","itemId":"i","type":"view"},{"userId":"u","itemId":"j","type":"view"}]"""),
                s_now).Valid.Select(e => e.ItemId));
        var empty = InteractionParser.Parse(Message("[]"), s_now);
        Assert.Empty(empty.Valid);
        Assert.Empty(empty.Rejected);
    }

    [Fact]
    public void A_value_that_the_type_needs_is_missed_by_the_installations_rules()
    {
        const string body =
            """[{"userId":"u","itemId":"i","type":"rating"},{"userId":"u","itemId":"j","type":"rating","value":0},{"userId":"u","itemId":"k","type":"stars"}]""";
        var byDefault = InteractionParser.Parse(Message(body), s_now);
        Assert.Equal(["j", "k"], byDefault.Valid.Select(e => e.ItemId));
        Assert.Equal("element 0: value is required for events of type 'rating'", Assert.Single(byDefault.Rejected).ToDeadMessage().Reason);
        var weights = EventWeights.Create(new Dictionary<string, EventTypeSettings> { ["stars"] = new() { PositiveFrom = 3 } });
        Assert.Equal([0, 2], InteractionParser.Parse(Message(body), s_now, weights).Rejected.Select(r => r.Index));
    }

    [Fact]
    public void A_wrong_element_is_named_with_its_bytes_and_its_neighbours_are_taken()
    {
        var parsed = InteractionParser.Parse(Message(
            """[{"userId":"u","itemId":"i","type":"view"}, {"userId":"ü"} , 7,{"userId":"u","itemId":"j","type":"view"}]"""), s_now);
        Assert.Equal(["i", "j"], parsed.Valid.Select(e => e.ItemId));
        Assert.Equal([(1, "itemId", """{"userId":"ü"}"""), (2, "", "7")],
            parsed.Rejected.Select(r => (r.Index, r.Field, Encoding.UTF8.GetString(r.Body.Span))));
        Assert.Equal("element 1: itemId is required", parsed.Rejected[0].ToDeadMessage().Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("[{\"userId\":\"u\",\"itemId\":\"i\",\"type\":\"view\"},")]
    [InlineData("[1]x")]
    public void A_body_that_breaks_off_is_refused_as_a_whole(string body)
    {
        var parsed = InteractionParser.Parse(Message(body), s_now);
        Assert.Empty(parsed.Valid);
        Assert.Equal(-1, Assert.Single(parsed.Rejected).Index);
    }

    [Fact]
    public void Invalid_UTF8_is_refused()
    {
        var parsed = InteractionParser.Parse(new Delivery(new byte[] { (byte)'"', 0xff, (byte)'"' }, [], false), s_now);
        Assert.Contains("UTF-8", Assert.Single(parsed.Rejected).Error);
    }

    /// <summary>A producer's time without an offset is a dead letter with the reason, whatever the zone of this machine.</summary>
    [Theory]
    [InlineData("2010-12-01T08:26:00", "occurredAt has no offset from UTC")]
    [InlineData("2010-12-01", "occurredAt is a date without a time of day")]
    [InlineData("01/02/2020", "occurredAt is not a time")]
    public void A_time_without_an_offset_is_rejected(string time, string reason)
    {
        string body = $$"""[{"userId":"u","itemId":"i","type":"view","occurredAt":"{{time}}"},{"userId":"u","itemId":"j","type":"view","occurredAt":"2010-12-01t08:26:00+01:00"}]""";
        var parsed = InteractionParser.Parse(Message(body), s_now);
        Assert.Equal(new DateTimeOffset(2010, 12, 1, 7, 26, 0, TimeSpan.Zero), Assert.Single(parsed.Valid).OccurredAt);
        Assert.StartsWith("element 0: " + reason, Assert.Single(parsed.Rejected).ToDeadMessage().Reason);
    }

    [Fact]
    public void A_message_delivered_again_gets_the_same_ids()
    {
        const string body =
            """[{"userId":"u","itemId":"i","type":"view"},{"userId":"u","itemId":"i","type":"view"},{"eventId":"mine","userId":"u","itemId":"i","type":"view"}]""";
        string[] Ids(Delivery delivery, DateTimeOffset now) => [.. InteractionParser.Parse(delivery, now).Valid.Select(e => e.EventId!)];
        var first = Ids(Message(body, "m1"), s_now);
        Assert.Equal(first, Ids(Message(body, "m1") with { Redelivered = true }, s_now.AddHours(1)));
        Assert.Equal(3, first.Distinct().Count());
        Assert.Equal("mine", first[2]);
        // Another message with the same content is another event when the producer says so, by message id or time.
        Assert.NotEqual(first[0], Ids(Message(body, "m2"), s_now)[0]);
        Assert.NotEqual(Ids(Message(body, sentAt: s_now), s_now)[0], Ids(Message(body, sentAt: s_now.AddSeconds(1)), s_now)[0]);
        Assert.Equal(Ids(Message(body), s_now), Ids(Message(body), s_now.AddHours(1)));
        Assert.All(first, id => Assert.Null(Limits.IdError(id)));
    }

    [Fact]
    public void A_time_left_out_is_the_time_of_sending_unless_that_is_ahead_of_the_clock()
    {
        const string body = """{"userId":"u","itemId":"i","type":"view"}""";
        Assert.Equal(s_now.AddHours(-2), InteractionParser.Parse(Message(body, sentAt: s_now.AddHours(-2)), s_now).Valid[0].OccurredAt);
        Assert.Equal(s_now, InteractionParser.Parse(Message(body, sentAt: s_now.AddHours(2)), s_now).Valid[0].OccurredAt);
        Assert.Equal(s_now, InteractionParser.Parse(Message(body), s_now).Valid[0].OccurredAt);
    }

    [Fact]
    public void Only_a_time_left_out_is_marked_as_assigned_and_only_Ingest_marks_events()
    {
        const string body =
            """[{"eventId":"a","userId":"u","itemId":"i","type":"view"},{"eventId":"b","userId":"u","itemId":"i","type":"view","occurredAt":"2024-06-01T00:00:00Z","occurredAtAssigned":true,"cloudEventSource":"/s"}]""";
        var streamed = InteractionParser.Parse(Message(body), s_now).Valid;
        Assert.Equal([(true, null), (true, "/s")], streamed.Select(e => (e.OccurredAtAssigned, e.CloudEventSource)));
        var posted = InteractionParser.Parse(Encoding.UTF8.GetBytes(body), s_now, s_now, _ => "new").Valid;
        Assert.Equal([(true, null), (false, null)], posted.Select(e => (e.OccurredAtAssigned, e.CloudEventSource)));
    }

    [Fact]
    public void No_bytes_whatever_make_it_throw_or_lose_an_element()
    {
        Prop.ForAll<byte[]>(bytes =>
        {
            _ = InteractionParser.Parse(new Delivery(bytes, [], false), s_now);
            return true;
        }).QuickCheckThrowOnFailure();

        string[] elements = ["""{"userId":"u","itemId":"i","type":"view"}""", """{"userId":"u"}""", "null", "[]", "\"]\"", "1e5",
            """{"a":{"b":[{}]}}"""];
        Prop.ForAll(Gen.ListOf(Gen.Elements(elements)).ToArbitrary(), chosen =>
        {
            var parsed = InteractionParser.Parse(Message("[" + string.Join(" ,\n", chosen) + "]"), s_now);
            return parsed.Valid.Count == chosen.Count(e => e == elements[0]) && parsed.Valid.Count + parsed.Rejected.Count == chosen.Count;
        }).QuickCheckThrowOnFailure();
    }
}
