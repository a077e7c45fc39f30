using Recommender.Factorization.Events;

namespace Recommender.Factorization.Tests;

public class EventSharesTests
{
    private static readonly EventWeights s_weights = EventWeights.Create(new Dictionary<string, EventTypeSettings>
    {
        ["watch"] = new() { Value = ValueUse.Linear, Weight = 0.1 },
        ["state"] = new() { Combine = EventCombination.Latest },
        ["any-sign"] = new() { NegativeValue = NegativeValueUse.Ignore },
        ["all-stars"] = new() { PositiveFrom = 3, Combine = EventCombination.Sum },
        ["cancel-hard"] = new() { Value = ValueUse.Linear, NegativeValue = NegativeValueUse.Opposite },
    });

    /// <summary>What events of one pair, each later than the one before, say together; times are positions unless given.</summary>
    private static Preference Combine(params (string Type, double? Value)[] events) =>
        Combine([.. events.Select((e, n) => (e.Type, e.Value, (long)n))]);

    private static Preference Combine((string Type, double? Value, long Time)[] events)
    {
        var shares = new EventShares();
        // Another user's events before, and other items', must leave no trace.
        shares.Add(1, "purchase", s_weights["purchase"], -100, 0);
        shares.Compute();
        shares.Clear();
        shares.Add(2, events[0].Type, s_weights[events[0].Type], -1, long.MaxValue);
        foreach (var (type, value, time) in events) shares.Add(1, type, s_weights[type], value ?? double.NaN, time);
        var left = shares.Compute();
        Preference sum = default;
        for (int i = 0; i < events.Length; i++) sum = sum.Add(
            EventWeights.Of(s_weights[events[i].Type], events[i].Value ?? double.NaN, 0, left[i + 1]));
        return sum;
    }

    private static double Purchase(double quantity) => 5 * (1 + Math.Log2(1 + quantity)) / 2;

    [Fact]
    public void Without_values_below_one_and_repeated_ratings_events_add_up_as_they_are()
    {
        (string Type, double? Value)[] events = [("view", null), ("purchase", 6), ("view", 3), ("purchase", null), ("dislike", null),
            ("rating", 4), ("watch", 30), ("cart", 1)];
        var plain = events.Aggregate(default(Preference), (sum, e) => sum.Add(s_weights.Of(e.Type, e.Value, 0)));
        Assert.Equal(plain, Combine(events)); // To the last bit.
    }

    [Fact]
    public void A_cancelled_purchase_says_nothing_whatever_it_is_split_into()
    {
        Assert.Equal(default, Combine(("purchase", 6), ("purchase", -6)));
        Assert.Equal(default, Combine(("purchase", -6), ("purchase", 6)));
        Assert.Equal(default, Combine([("purchase", 6), .. Enumerable.Repeat(("purchase", (double?)-1), 6)]));
        Assert.Equal(default, Combine(("purchase", 0.1f), ("purchase", 0.2f), ("purchase", -0.3f)));
        Assert.Equal(default, Combine(("purchase", null), ("purchase", -1)));
    }

    [Fact]
    public void Purchases_cancelled_in_part_count_as_what_is_kept()
    {
        Assert.Equal(new(Purchase(6), 1), Combine(("purchase", 12), ("purchase", -6)));
        Assert.Equal(new(Purchase(3) + Purchase(6), 1), Combine(("purchase", 6), ("purchase", -9), ("purchase", 12)));
    }

    [Theory]
    [InlineData("purchase", -6.0)]
    [InlineData("purchase", 0.0)]
    [InlineData("watch", -3.0)]
    [InlineData("watch", 0.0)]
    [InlineData("like", 0.0)]
    [InlineData("dislike", -1.0)]
    [InlineData("return", -2.0)]
    [InlineData("rating", null)]
    public void It_says_nothing(string type, double? value)
    {
        Assert.Equal(default, Combine((type, value)));
        Assert.Equal(default, s_weights.Of(type, value, 0));
    }

    [Theory]
    [InlineData("like", -1.0, 2)]
    [InlineData("like", -7.0, 2)]
    [InlineData("cart", -1.0, 3)]
    [InlineData("view", -1.0, 1)]
    [InlineData("of-my-own", -0.5, 1)]
    [InlineData("rating", 2.0, 2)]
    [InlineData("dislike", null, 5)]
    [InlineData("cancel-hard", -4.0, 4)]
    public void It_is_a_negative_signal(string type, double? value, double weight)
    {
        Assert.Equal(new(weight, 0), Combine((type, value)));
        Assert.Equal(new(weight, 0), s_weights.Of(type, value, 0));
    }

    [Fact]
    public void Signs_take_back_one_another_whatever_their_magnitude()
    {
        Assert.Equal(default, Combine(("like", 1), ("like", -5)));
        Assert.Equal(default, Combine(("LIKE", null), ("like", -1))); // Names of types have no case.
        Assert.Equal(new(2, 1), Combine(("like", null), ("like", -1), ("like", null)));
        Assert.Equal(new(2, 0), Combine(("like", -1), ("like", -1), ("like", 1)));
        // Types do not take back each other's events: a like and a removal from the cart are two signals.
        Assert.Equal(new(5, 0.4), Combine(("like", 1), ("cart", -1)));
        Assert.Equal(default, Combine(("dislike", null), ("dislike", -1)));
        Assert.Equal(new(2, 1), Combine(("any-sign", -1), ("any-sign", 0)));
    }

    [Fact]
    public void The_newest_rating_replaces_the_others()
    {
        Assert.Equal(new(2, 0), Combine(("rating", 5), ("rating", 1)));
        Assert.Equal(new(2, 1), Combine(("rating", 1), ("rating", 2), ("rating", 4)));
        Assert.Equal(new(2, 0), Combine([("rating", 1, 9), ("rating", 5, 3)])); // By time, not by arrival.
        Assert.Equal(new(2, 1), Combine([("rating", 1, 9), ("rating", 5, 9)])); // Of equal times the last.
        Assert.Equal(new(2, 1), Combine(("rating", 5), ("rating", null))); // One without a value replaces nothing.
        Assert.Equal(default, Combine(("state", 1), ("state", 0)));
        Assert.Equal(new(1, 0), Combine(("state", 1), ("state", -1)));
        Assert.Equal(new(2, 0.5), Combine(("all-stars", 5), ("all-stars", 1))); // As configured.
    }

    [Fact]
    public void The_order_of_adding_does_not_matter()
    {
        var random = new Random(5);
        string[] types = ["view", "like", "purchase", "rating", "watch", "dislike", "state"];
        for (int round = 0; round < 200; round++)
        {
            (string Type, double? Value, long Time)[] events =
                [.. Enumerable.Range(0, random.Next(1, 9))
                    .Select(n => (types[random.Next(types.Length)], (double?)random.Next(-3, 6), (long)n))];
            var expected = Combine(events);
            var shuffled = Combine([.. events.OrderBy(_ => random.Next())]);
            Assert.Equal(expected.Weight, shuffled.Weight, 1e-6);
            Assert.Equal(expected.Target, shuffled.Target, 1e-6);
        }
    }

    [Fact]
    public void Only_what_adds_up_with_everything_is_said_to_add()
    {
        EventEffect Effect(string type, double? value) => s_weights[type].EffectOf(value ?? double.NaN);
        Assert.All([("view", null), ("purchase", 2.0), ("all-stars", 5), ("any-sign", -1)], ((string Type, double? Value) e) =>
            Assert.Equal(EventEffect.Adds, Effect(e.Type, e.Value)));
        Assert.All([("like", -1), ("rating", 5), ("dislike", null), ("all-stars", 1), ("state", 1)], ((string Type, double? Value) e) =>
            Assert.Equal(EventEffect.Depends, Effect(e.Type, e.Value)));
        Assert.All([("like", 0), ("rating", null), ("purchase", 0)], ((string Type, double? Value) e) =>
            Assert.Equal(EventEffect.None, Effect(e.Type, e.Value)));
    }

    [Fact]
    public void A_type_that_needs_a_value_says_so()
    {
        Assert.Equal("is required for events of type 'rating'", s_weights.ValueError("rating", null));
        Assert.Null(s_weights.ValueError("rating", 0));
        Assert.Null(s_weights.ValueError("view", null));
        Assert.NotNull(s_weights.ValueError("all-stars", null));
        var free = EventWeights.Create(new Dictionary<string, EventTypeSettings>
        {
            ["rating"] = new() { PositiveFrom = 3, ValueRequired = false },
            ["view"] = new() { ValueRequired = true }
        });
        Assert.Null(free.ValueError("rating", null));
        Assert.Equal(new(1, 1), free.Of("rating", null, 0));
        Assert.NotNull(free.ValueError("view", null));
    }

    [Fact]
    public void Settings_that_contradict_each_other_are_named()
    {
        static string Error(EventTypeSettings settings) =>
            Assert.Throws<ArgumentException>(() =>
            EventWeights.Create(new Dictionary<string, EventTypeSettings> { ["mine"] = settings })).Message;
        Assert.StartsWith("EventTypes:mine: NegativeValue has no meaning for a rating",
            Error(new() { PositiveFrom = 3, NegativeValue = NegativeValueUse.TakeBack }));
        Assert.StartsWith("EventTypes:mine: NegativeValue must be TakeBack or Ignore",
            Error(new() { Negative = true, NegativeValue = NegativeValueUse.Opposite }));
        Assert.StartsWith("EventTypes:mine: PositiveFrom must be a number", Error(new() { PositiveFrom = double.NaN }));
        Assert.StartsWith("EventTypes:mine: Combine must be Sum or Latest", Error(new() { Combine = (EventCombination)9 }));
    }
}
