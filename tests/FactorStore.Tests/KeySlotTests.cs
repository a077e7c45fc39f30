using Recommender.FactorStore.Redis;
using Xunit;

namespace Recommender.FactorStore.Tests;

public sealed class KeySlotTests
{
    [Theory]
    [InlineData("123456789", 0x31C3)] // The check value of CRC16/XMODEM.
    [InlineData("foo", 12182)]
    [InlineData("user1000", 3443)]
    [InlineData("{user1000}.following", 3443)]
    [InlineData("foo{}{bar}", 8363)]
    [InlineData("foo{{bar}}zap", 4015)]
    [InlineData("foo{bar}{zap}", 5061)]
    public void It_is_that_of_the_specification_wherever_the_key_is_divided(string key, int slot)
    {
        for (int at = 0; at <= key.Length; at++) Assert.Equal(slot, KeySlot.Of(key.AsSpan(0, at), key.AsSpan(at)));
    }

    [Fact]
    public void A_long_key_has_one_too() => Assert.Equal(3443, KeySlot.Of(new string('x', 5000), "{user1000}"));
}
