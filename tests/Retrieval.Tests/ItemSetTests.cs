using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed class ItemSetTests
{
    [Fact]
    public void Agrees_with_a_hash_set_under_random_operations_of_sets_of_different_lengths()
    {
        var random = new Random(2);
        for (int round = 0; round < 300; round++)
        {
            int lengthA = random.Next(0, 200), lengthB = random.Next(0, 200);
            int[] a = Pick(random, lengthA), b = Pick(random, lengthB);
            ItemSet Set() => ItemSet.Of(lengthA, a);
            ItemSet other = ItemSet.Of(lengthB, b);

            AssertSame(a.Intersect(b), Set().And(other));
            AssertSame(a.Union(b.Where(p => p < lengthA)), Set().Or(other));
            AssertSame(Enumerable.Range(0, lengthA).Except(a), Set().Not());
            int newLength = random.Next(0, 250);
            AssertSame(a.Where(p => p < newLength), Set().Copy(newLength));
        }
    }

    [Fact]
    public void Adding_and_removing_keep_the_count()
    {
        var set = new ItemSet(70);
        set.Add(69);
        set.Add(69);
        set.Add(0);
        Assert.Equal(2, set.Count);
        set.Remove(69);
        Assert.Equal(1, set.Count);
        Assert.False(set.Contains(69));
        Assert.True(set.Contains(0));
    }

    [Fact]
    public void Positions_outside_are_not_contained_and_cannot_be_added()
    {
        ItemSet set = ItemSet.All(65);
        Assert.Equal(65, set.Count);
        Assert.False(set.Contains(65));
        Assert.False(set.Contains(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Add(65));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Remove(-1));
    }

    [Fact]
    public void Copies_positions_in_pages()
    {
        int[] positions = [0, 3, 63, 64, 127, 128, 199];
        ItemSet set = ItemSet.Of(200, positions);
        var found = new List<int>();
        Span<int> page = stackalloc int[2];
        for (int from = 0, n; (n = set.CopyTo(page, from)) > 0; from = page[n - 1] + 1) found.AddRange(page[..n]);
        Assert.Equal(positions, found);
    }

    private static int[] Pick(Random random, int length) => [.. Enumerable.Range(0, length).Where(_ => random.Next(3) == 0)];

    private static void AssertSame(IEnumerable<int> expected, ItemSet set)
    {
        int[] sorted = [.. expected.Order()];
        var actual = new int[sorted.Length + 1];
        int n = set.CopyTo(actual);
        Assert.Equal(sorted, actual[..n]);
        Assert.Equal(sorted.Length, set.Count);
        Assert.All(sorted, p => Assert.True(set.Contains(p)));
    }
}
