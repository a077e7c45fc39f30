using System.Text;
using Recommender.Factorization.Events;

namespace Recommender.Factorization.Tests;

public sealed class EventWeightsTests
{
    [Fact]
    public void Settings_that_were_kept_are_read_back_whatever_the_defaults_are_now()
    {
        var custom = new EventTypeSettings { Weight = 7, Negative = true, HalfLifeDays = 30, Value = ValueUse.Linear, PositiveFrom = 3.5 };
        var newest = new EventTypeSettings
        {
            Combine = EventCombination.Latest,
            NegativeValue = NegativeValueUse.Ignore,
            ValueRequired = true
        };
        var weights = EventWeights.Create(new Dictionary<string, EventTypeSettings>
        {
            ["skip"] = custom,
            ["watchlist"] = newest,
            ["view"] = new() { Weight = .5 },
        });
        var read = EventWeights.FromJson(weights.ToJson());
        Assert.Equal(custom, read["Skip"]);
        Assert.Equal(newest, read["watchlist"]);
        foreach (string type in EventWeights.Defaults.Keys) Assert.Equal(weights[type], read[type]);
        Assert.Equal(weights.ToJson(), read.ToJson());

        // Not a default of today, were it to change.
        Assert.Equal(EventWeights.Unknown, EventWeights.FromJson("{}"u8)["purchase"]);
    }

    [Fact]
    public void The_type_purchase_is_a_purchase_unless_settings_state_otherwise()
    {
        Assert.True(EventWeights.Default.IsPurchase("Purchase"));
        Assert.False(EventWeights.Default.IsPurchase("cart") || EventWeights.Default.IsPurchase("order"));
        var weights = EventWeights.FromJson(EventWeights.Create(new Dictionary<string, EventTypeSettings>
        {
            ["order"] = new() { Purchase = true },
            ["purchase"] = new() { Weight = 3, Purchase = false },
        }).ToJson());
        Assert.True(weights.IsPurchase("ORDER"));
        Assert.False(weights.IsPurchase("purchase"));
        Assert.True(EventWeights.Create(new Dictionary<string, EventTypeSettings> { ["purchase"] = new() }).IsPurchase("purchase"));
        Assert.DoesNotContain("purchase\":null", Encoding.UTF8.GetString(EventWeights.Default.ToJson()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""), InlineData("null"), InlineData("[]"), InlineData("""{"view":{"weight":"heavy"}}""")]
    public void What_is_no_settings_is_refused(string json) =>
        Assert.Throws<InvalidDataException>(() => EventWeights.FromJson(Encoding.UTF8.GetBytes(json)));
}
