using System.Buffers.Binary;
using Recommender.Contracts;
using Recommender.FactorStore.Users;
using Xunit;

namespace Recommender.FactorStore.Tests;

public sealed class UserStateTests
{
    private static readonly UserState s_state = new()
    {
        User = UserRef.User("ann"),
        Revision = 5,
        ModelVersion = 2,
        Factor = new[] { 0.5f },
        History = new HistoryRecord[] { new(3, 1.5f, 1, 1_700_000_000), new(2, 1, 0.5f, 1_600_000_000) },
    };

    [Fact]
    public void A_value_of_the_first_format_is_read()
    {
        byte[] bytes = s_state.Encode()[..^2]; // That format has no classes.
        bytes[16] = 1;
        Assert.True(UserStateView.TryRead(bytes, out var view));
        Assert.Equal(s_state.History.ToArray(), view.History.ToArray());
        Assert.True(view.Seen.IsEmpty && view.HistoryClasses.IsEmpty);
        Assert.True(new UserFactor("ann", bytes).TryRead(2, 1, out var factor));
        Assert.Equal(0.5f, factor[0]);
    }

    [Fact]
    public void The_format_is_not_the_first_which_alone_earlier_programs_take()
    {
        Assert.Equal(2, s_state.Encode()[16]);
    }

    [Fact]
    public void Repeats_make_a_value_of_the_third_format_and_all_parts_are_read_back()
    {
        var repeats = new RepeatRecord[] { new(3, 7, 86_400, 1_700_000_000), new(9, 2, uint.MaxValue, 5) };
        var state = s_state with { Seen = new SeenRecord[] { new(1, 2, 3) }, HistoryClasses = new byte[] { 4, 5 }, Repeats = repeats };
        byte[] bytes = state.Encode();
        Assert.Equal(3, bytes[16]);
        Assert.True(UserStateView.TryRead(bytes, out var view));
        Assert.Equal(repeats, view.Repeats.ToArray());
        Assert.Equal(state.History.ToArray(), view.History.ToArray());
        Assert.Equal(state.Seen.ToArray(), view.Seen.ToArray());
        Assert.Equal([4, 5], view.HistoryClasses.ToArray());
        for (int length = 0; length < bytes.Length; length++) Assert.False(UserStateView.TryRead(bytes.AsSpan(0, length), out _));
        Assert.True(new UserFactor("ann", bytes).TryRead(2, 1, out _));
        Assert.Equal(bytes.Length - 32, (state with { Repeats = default }).Encode().Length);
        Assert.True(UserStateView.TryRead((state with { Repeats = new RepeatRecord[64] }).Encode(), out var full));
        Assert.Equal(64, full.Repeats.Length);
        Assert.Throws<InvalidOperationException>(() => (state with { Repeats = new RepeatRecord[65] }).Encode());
    }

    [Fact]
    public void A_value_of_the_second_format_has_no_repeats()
    {
        byte[] bytes = s_state.Encode();
        bytes[17] = 5; // Not a number there.
        Assert.True(UserStateView.TryRead(bytes, out var view));
        Assert.True(view.Repeats.IsEmpty);
    }

    [Fact]
    public void A_pair_takes_8_bytes_and_a_record_of_the_history_one_more_than_before()
    {
        int before = UserState.HeaderBytes + 4 + (2 * 16);
        Assert.Equal(before + 2, s_state.Encode().Length);
        Assert.Equal(before + 2 + (1000 * 8), (s_state with { Seen = new SeenRecord[1000] }).Encode().Length);
    }

    [Fact]
    public void Without_classes_none_is_known()
    {
        Assert.True(UserStateView.TryRead(s_state.Encode(), out var view));
        Assert.Equal([EventClass.Unknown, EventClass.Unknown], view.HistoryClasses.ToArray());
        Assert.Throws<InvalidOperationException>(() => (s_state with { HistoryClasses = new byte[1] }).Encode());
    }

    [Fact]
    public void What_is_cut_short_or_of_a_later_format_is_no_value()
    {
        byte[] whole = (s_state with { Seen = new SeenRecord[] { new(1, 2, 3) } }).Encode();
        Assert.True(UserStateView.TryRead(whole, out _));
        for (int length = 0; length < whole.Length; length++) Assert.False(UserStateView.TryRead(whole.AsSpan(0, length), out _));
        foreach (int at in new[] { 20, 24, 28 })
        {
            byte[] wrong = [.. whole];
            BinaryPrimitives.WriteInt32LittleEndian(wrong.AsSpan(at), -1);
            Assert.False(UserStateView.TryRead(wrong, out _));
            BinaryPrimitives.WriteInt32LittleEndian(wrong.AsSpan(at), int.MaxValue);
            Assert.False(UserStateView.TryRead(wrong, out _));
        }

        byte[] later = [.. whole];
        later[16] = 4;
        Assert.False(UserStateView.TryRead(later, out _));
    }

    [Theory]
    [InlineData("2000-01-01T00:00:00Z", "2000-01-01T00:05:00Z")]
    [InlineData("2026-03-01T11:59:59Z", "2026-03-01T12:00:00Z")]
    [InlineData("2026-03-01T12:00:00Z", "2026-03-01T12:05:00Z")]
    [InlineData("2026-03-01T12:04:59Z", "2026-03-01T12:05:00Z")]
    [InlineData("1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00Z", "2000-01-01T00:00:00Z")]
    [InlineData("2150-01-01T00:00:01Z", "2150-01-01T00:05:00Z")]
    public void A_time_becomes_the_end_of_its_5_minutes(string at, string end)
    {
        uint time = SeenTime.FromSeconds(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeSeconds());
        Assert.Equal(DateTimeOffset.Parse(end, System.Globalization.CultureInfo.InvariantCulture),
            DateTimeOffset.FromUnixTimeSeconds(SeenTime.ToSeconds(time)));
        var record = new SeenRecord(-7, 200, time);
        Assert.Equal((-7, 200, time), (record.ItemKey, record.Class, record.Time));
    }

    [Fact]
    public void Types_beyond_the_first_254_share_a_class()
    {
        Assert.Equal([0, 253, 254, 254, 254], new[] { 0, 253, 254, 255, 30_000 }.Select(id => (int)EventClass.Of(id)));
    }
}
