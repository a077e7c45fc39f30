using System.Numerics;
using Recommender.Retrieval.Filters;
using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed class FilterIndexTests
{
    [Fact]
    public void Random_items_and_filters_equal_a_test_of_each_item()
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("RECOMMENDER_TEST_SEED"), out int given) ? given : 0;
        int rounds = given != 0 ? 1 : 15;
        for (int seed = first; seed < first + rounds; seed++)
        {
            var random = new Random(seed);
            using var index = new FilterIndex();
            var items = new Dictionary<int, ItemAttribute[]>();
            for (int step = 0; step < 1500; step++)
            {
                int position = random.Next(4) == 0 ? random.Next(700) : step / 3;
                if (random.Next(5) == 0)
                {
                    items.Remove(position);
                    index.Remove(position);
                }
                else
                {
                    ItemAttribute[] attributes = Attributes(random);
                    items[position] = attributes;
                    index.Upsert(position, attributes);
                }

                if (step % 10 != 0) continue;
                ItemFilter filter = Filter(random, 3);
                int[] expected = [.. items.Where(i => Passes(filter, i.Key, i.Value)).Select(i => i.Key).Order()];
                ItemSet set = index.Compile(filter);
                var actual = new int[set.Count];
                set.CopyTo(actual);
                Assert.True(expected.SequenceEqual(actual), $"RECOMMENDER_TEST_SEED={seed}, step {step}: {filter}");
                Assert.Equal(items.Count, index.Compile(null).Count);
                Assert.Equal(items.Count, index.Count);
            }
        }
    }

    /// <summary>A key or a kind of value that no item has now is a test that no item passes.</summary>
    [Fact]
    public void What_no_item_has_matches_nothing()
    {
        using var index = new FilterIndex();
        index.Upsert(0, new ItemAttribute("size", AttributeValue.Of("L")), new ItemAttribute("price", AttributeValue.Of(1.5)));
        index.Upsert(1, new ItemAttribute("size", AttributeValue.Of(40)), new ItemAttribute("new", AttributeValue.Of(true)));
        ItemFilter[] tests =
        [
            new ItemFilter.HasAny("colour", [AttributeValue.Of("red")]), new ItemFilter.HasAll("colour", [AttributeValue.Of(1)]),
                new ItemFilter.Range("colour", Gte: 0), new ItemFilter.Exists("colour"),
            new ItemFilter.HasAny("price", [AttributeValue.Of("1.5")]), new ItemFilter.HasAny("price", [AttributeValue.Of(true)]),
                new ItemFilter.Range("new", Gte: 0),
        ];
        foreach (var test in tests)
        {
            Assert.Equal(0, index.Compile(test).Count);
            Assert.Equal(2, index.Compile(new ItemFilter.Not(test)).Count);
        }

        // Texts have no place on the scale of numbers.
        Assert.Equal(1, index.Compile(new ItemFilter.Range("size", Gte: 0)).Count);
        long version = index.Version;
        index.Remove(1);
        Assert.NotEqual(version, index.Version);
        Assert.Equal(0, index.Compile(new ItemFilter.Range("size", Gte: 0)).Count);
    }

    [Fact]
    public void Two_different_numbers_under_one_key_are_refused_and_change_nothing()
    {
        using var index = new FilterIndex();
        index.Upsert(0, new ItemAttribute("price", AttributeValue.Of(1)));
        Assert.Throws<ArgumentException>(() => index.Upsert(0, new ItemAttribute("price", AttributeValue.Of(2)),
            new ItemAttribute("price", AttributeValue.Of(3))));
        Assert.Equal(1, index.Compile(new ItemFilter.Range("price", Gte: 1, Lte: 1)).Count);
        Assert.Throws<ArgumentException>(() => AttributeValue.Of(double.NaN));
    }

    [Fact]
    public void Bounds_are_open_or_closed_as_asked_and_the_tighter_one_holds()
    {
        using var index = new FilterIndex();
        for (int i = 0; i < 10; i++) index.Upsert(i, new ItemAttribute("n", AttributeValue.Of(i)));
        int[] Of(ItemFilter filter)
        {
            ItemSet set = index.Compile(filter);
            var positions = new int[set.Count];
            set.CopyTo(positions);
            return positions;
        }

        Assert.Equal([4, 5], Of(new ItemFilter.Range("n", Gt: 3, Lt: 6)));
        Assert.Equal([3, 4, 5, 6], Of(new ItemFilter.Range("n", Gte: 3, Lte: 6)));
        Assert.Equal([4, 5], Of(new ItemFilter.Range("n", Gt: 3, Gte: 3, Lt: 6, Lte: 6)));
        Assert.Equal([5], Of(new ItemFilter.Range("n", Gt: 3, Gte: 5, Lt: 9, Lte: 5)));
        Assert.Empty(Of(new ItemFilter.Range("n", Gt: 6, Lt: 3)));
        Assert.Equal(10, Of(new ItemFilter.Range("n")).Length);
    }

    [Fact]
    public void Whole_numbers_of_64_bits_are_compared_exactly_and_by_value_with_doubles()
    {
        using var index = new FilterIndex();
        // Between 2^53 and 2^54 doubles have a gap of 2.
        AttributeValue[] values = [AttributeValue.Of(9007199254740991), AttributeValue.Of(9007199254740992),
            AttributeValue.Of(9007199254740993), AttributeValue.Of(9007199254740994.0), AttributeValue.Of(long.MaxValue),
                AttributeValue.Of(9223372036854775808.0), AttributeValue.Of(ulong.MaxValue), AttributeValue.Of(2.5)];
        for (int i = 0; i < values.Length; i++) index.Upsert(i, new ItemAttribute("n", values[i]));
        int[] Of(ItemFilter filter)
        {
            var positions = new int[index.Compile(filter).Count];
            index.Compile(filter).CopyTo(positions);
            return positions;
        }

        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal([i], Of(new ItemFilter.HasAny("n", [values[i]])));
            Assert.Equal([i], Of(new ItemFilter.HasAll("n", [values[i], values[i]])));
            Assert.Equal([i], Of(new ItemFilter.Range("n", Gte: values[i].Number, Lte: values[i].Number)));
        }

        Assert.Equal([1], Of(new ItemFilter.HasAny("n", [AttributeValue.Of(9007199254740992.0)])));
        Assert.Empty(Of(new ItemFilter.HasAny("n", [AttributeValue.Of(9007199254740995)])));
        Assert.Equal([2, 3], Of(new ItemFilter.Range("n", Gt: 9007199254740992, Lt: 9007199254740995)));
        Assert.Equal([0, 1, 7], Of(new ItemFilter.Range("n", Lt: 9007199254740993)));
        Assert.Equal([5, 6], Of(new ItemFilter.Range("n", Gt: long.MaxValue)));
        Assert.Equal([6], Of(new ItemFilter.Range("n", Gt: 9223372036854775808.0)));
        // An item's number is replaced by one of the same double, and taken out.
        index.Upsert(2, new ItemAttribute("n", AttributeValue.Of(9007199254740992)));
        Assert.Equal([1, 2], Of(new ItemFilter.HasAny("n", [AttributeValue.Of(9007199254740992)])));
        index.Upsert(1, new ItemAttribute("n", AttributeValue.Of(9007199254740993)));
        Assert.Equal([1], Of(new ItemFilter.HasAny("n", [AttributeValue.Of(9007199254740993)])));
        index.Remove(1);
        Assert.Empty(Of(new ItemFilter.HasAny("n", [AttributeValue.Of(9007199254740993)])));
        Assert.Throws<ArgumentException>(() => index.Upsert(0, new ItemAttribute("n", AttributeValue.Of(9007199254740992)),
            new ItemAttribute("n", AttributeValue.Of(9007199254740993))));
    }

    [Fact]
    public void Numbers_are_ordered_by_value_whatever_they_were_made_of()
    {
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            AttributeValue a = Large(random, out BigInteger exactA), b = Large(random, out BigInteger exactB);
            Assert.Equal(exactA, Whole(a.Number));
            Assert.Equal(Math.Sign(exactA.CompareTo(exactB)), Math.Sign(a.Number.CompareTo(b.Number)));
            Assert.Equal(exactA == exactB, a == b);
        }

        Assert.Equal("9007199254740993", AttributeValue.Of(9007199254740993).ToString());
        Assert.Equal("18446744073709551615", FilterNumber.Of(ulong.MaxValue).ToString());
    }

    [Fact]
    public async Task Sets_compiled_during_changes_are_of_one_state()
    {
        // Every item is either (a, x) or (b, y); a set with a and y, or one missing an item, shows a half-made change.
        const int N = 2000;
        using var index = new FilterIndex();
        void Put(int i, bool a) => index.Upsert(i, new ItemAttribute("k", AttributeValue.Of(a ? "a" : "b")),
            new ItemAttribute("n", AttributeValue.Of(a ? 1 : 2)));
        for (int i = 0; i < N; i++) Put(i, true);
        var a = new ItemFilter.HasAny("k", [AttributeValue.Of("a")]);
        var one = new ItemFilter.Range("n", Lte: 1);
        ItemFilter mixed = new ItemFilter.Any([new ItemFilter.All([a, new ItemFilter.Not(one)]),
            new ItemFilter.All([new ItemFilter.Not(a), one])]);
        using var done = new CancellationTokenSource();
        Task reading = Task.Run(() =>
        {
            var set = new ItemSet(0);
            while (!done.IsCancellationRequested)
            {
                index.Compile(mixed, set);
                Assert.Equal(0, set.Count);
                index.Compile(new ItemFilter.Any([a, new ItemFilter.Not(a)]), set);
                Assert.Equal(N, set.Count);
            }
        }, TestContext.Current.CancellationToken);
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++) Put(random.Next(N), random.Next(2) == 0);
        await done.CancelAsync();
        await reading;
    }

    private static readonly string[] s_texts = ["red", "green", "blue", "rare"];

    private static ItemAttribute[] Attributes(Random random)
    {
        var attributes = new List<ItemAttribute>();
        for (int i = random.Next(3); i > 0; i--)
            attributes.Add(new("tags", AttributeValue.Of(s_texts[Math.Min(random.Next(4), random.Next(4))])));
        if (random.Next(3) > 0) attributes.Add(new("price", AttributeValue.Of(random.Next(-5, 6))));
        if (random.Next(3) > 0) attributes.Add(new("serial", Large(random)));
        if (random.Next(2) == 0) attributes.Add(new("new", AttributeValue.Of(random.Next(2) == 0)));
        if (random.Next(20) == 0) attributes.Add(new("odd", random.Next(2) == 0 ? AttributeValue.Of("1") : AttributeValue.Of(1)));
        attributes.Add(new("id", AttributeValue.Of("id" + random.Next(1000))));
        return [.. attributes];
    }

    private static ItemFilter Filter(Random random, int depth)
    {
        AttributeValue Value(string key) => key switch
        {
            "tags" => AttributeValue.Of(s_texts[random.Next(4)]),
            "price" => AttributeValue.Of(random.Next(-6, 7)),
            "serial" => Large(random),
            "new" => AttributeValue.Of(random.Next(2) == 0),
            "odd" => random.Next(2) == 0 ? AttributeValue.Of("1") : AttributeValue.Of(1),
            _ => AttributeValue.Of("id" + random.Next(1000)),
        };
        string key = new[] { "tags", "price", "serial", "new", "odd", "id", "none" }[random.Next(7)];
        AttributeValue[] values = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(key))];
        FilterNumber? Bound() => random.Next(2) == 0 ? null : key == "serial" ? Large(random).Number : random.Next(-6, 7);
        return random.Next(depth > 0 ? 8 : 5) switch
        {
            0 => new ItemFilter.HasAny(key, values),
            1 => new ItemFilter.HasAll(key, values),
            2 => new ItemFilter.Range(key, Bound(), Bound(), Bound(), Bound()),
            3 => new ItemFilter.Exists(key),
            4 => new ItemFilter.Positions([.. Enumerable.Range(0, 50).Select(_ => random.Next(-5, 800))]),
            5 => new ItemFilter.All([.. Enumerable.Range(0, random.Next(4)).Select(_ => Filter(random, depth - 1))]),
            6 => new ItemFilter.Any([.. Enumerable.Range(0, random.Next(4)).Select(_ => Filter(random, depth - 1))]),
            _ => new ItemFilter.Not(Filter(random, depth - 1)),
        };
    }

    private static bool Passes(ItemFilter filter, int position, ItemAttribute[] attributes) => filter switch
    {
        ItemFilter.HasAny f => f.Values.Any(v => attributes.Contains(new(f.Key, v))),
        ItemFilter.HasAll f => f.Values.All(v => attributes.Contains(new(f.Key, v))),
        ItemFilter.Exists f => attributes.Any(a => a.Key == f.Key),
        ItemFilter.Positions f => f.Items.Contains(position),
        ItemFilter.All f => f.Filters.All(p => Passes(p, position, attributes)),
        ItemFilter.Any f => f.Filters.Any(p => Passes(p, position, attributes)),
        ItemFilter.Not f => !Passes(f.Filter, position, attributes),
        ItemFilter.Range f => attributes.Any(a => a.Key == f.Key && a.Value.Kind == AttributeKinds.Number
            && !(f.Gt is { } gt && Whole(a.Value.Number) <= Whole(gt)) && !(f.Gte is { } gte && Whole(a.Value.Number) < Whole(gte))
            && !(f.Lt is { } lt && Whole(a.Value.Number) >= Whole(lt)) && !(f.Lte is { } lte && Whole(a.Value.Number) > Whole(lte))),
        _ => throw new ArgumentOutOfRangeException(nameof(filter)),
    };

    /// <summary>Whole numbers where doubles have gaps, and doubles beside them: around ±2^53, the ends of both kinds of 64 bits, and
    /// 2^70.</summary>
    private static AttributeValue Large(Random random) => Large(random, out _);

    private static AttributeValue Large(Random random, out BigInteger exact)
    {
        long near = random.Next(-3, 4);
        switch (random.Next(4))
        {
            case 0:
                long signed = new[] { (1L << 53) + near, -(1L << 53) + near, long.MaxValue - (near + 3), long.MinValue + (near + 3),
                    near }[random.Next(5)];
                exact = signed;
                return AttributeValue.Of(signed);
            case 1:
                ulong unsigned = new[] { ulong.MaxValue, 1UL << 63 }[random.Next(2)] - (ulong)(near + 3);
                exact = unsigned;
                return AttributeValue.Of(unsigned);
            default:
                double number = new[] { 9007199254740992.0, 9007199254740994.0, -9007199254740992.0, 9223372036854775808.0,
                    -9223372036854775808.0, 18446744073709551616.0, Math.Pow(2, 70), near }[random.Next(8)];
                exact = new BigInteger(number);
                return AttributeValue.Of(number);
        }
    }

    private static BigInteger Whole(FilterNumber number) => new BigInteger(number.Value) + number.Rest;
}
