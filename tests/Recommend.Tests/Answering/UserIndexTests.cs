using System.Numerics.Tensors;
using Recommender.Contracts;
using Recommender.FactorStore.Users;
using Recommender.Recommend.Answering;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

public sealed class UserIndexTests
{
    private const int Rank = 64;

    [Fact]
    public void Of_100_000_users_nine_of_ten_of_the_nearest_twenty_are_found()
    {
        const int Users = 100_000, Wanted = 20, Queries = 40;
        var random = new Random(4);
        float[][] tastes = [.. Enumerable.Range(0, 300).Select(_ => Normal(random, Rank))];
        var factors = new float[Users][];
        for (int user = 0; user < Users; user++)
        {
            factors[user] = Normal(random, Rank);
            float scale = 0.05f + random.NextSingle(), length = MathF.Pow(10, random.Next(-3, 4));
            for (int j = 0; j < Rank; j++) factors[user][j] = ((factors[user][j] * scale) + tastes[user % tastes.Length][j]) * length;
        }

        var index = new UserIndex(3, Rank, int.MaxValue);
        index.BeginPass();
        foreach (int[] chunk in Enumerable.Range(0, Users).Chunk(1000))
            index.Put([.. chunk.Select(user => Factor(Id(user), 3, factors[user]))]);
        index.EndPass();
        Assert.Equal(Users, index.Count);
        double found = 0;
        for (int query = 0; query < Queries; query++)
        {
            int user = random.Next(Users);
            var nearest = Enumerable.Range(0, Users)
                .OrderByDescending(other => TensorPrimitives.CosineSimilarity<float>(factors[user], factors[other])).Take(Wanted)
                .Select(Id);
            found += nearest.Intersect(index.Search(factors[user], SimilarUsers.Candidates(Wanted))).Count() / (double)Wanted;
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"recall@20 {found / Queries:0.0000}");
        Assert.True(found / Queries >= 0.99, $"recall@20 is {found / Queries}"); // The promise is .9.
    }

    [Fact]
    public void Who_is_not_listed_any_more_goes_and_who_has_another_factor_is_found_by_it()
    {
        var index = new UserIndex(1, 2, 100);
        Pass(index, ("ann", 1, [1, 0]), ("bob", 1, [0, 1]), ("cat", 2, [1, 1]), ("zero", 1, [0, 0]));
        Assert.Equal(["ann", "bob"], index.Search([2, 1], 10));
        Assert.Equal(1, index.OfOtherModels);
        Pass(index, ("bob", 1, [-1, 0]), ("cat", 1, [1, 1]), ("dan", 1, [1, 0.9f]));
        Assert.Equal(["dan", "cat", "bob"], index.Search([1, 0], 10));
        Assert.Equal(0, index.OfOtherModels);
        Assert.False(index.Contains("ann"));
        // A user whose factor is of another model now.
        Pass(index, ("bob", 2, [-1, 0]));
        Assert.Empty(index.Search([1, 0], 10));
        for (int pass = 0; pass < 600; pass++) Pass(index, ("ann", 1, [1, 0])); // More than its mark can count.
        Assert.Equal(["ann"], index.Search([1, 0], 10));
    }

    [Fact]
    public void A_pass_that_read_a_user_before_the_erasure_does_not_bring_them_back()
    {
        var index = new UserIndex(1, 2, 100);
        index.BeginPass();
        index.Put([Factor("bob", 1, [0, 1])]);
        index.Forget("ann");
        index.Forget("bob");
        index.Put([Factor("ann", 1, [1, 0])]);
        index.EndPass();
        Assert.Equal(0, index.Count);
        // Who is there in a later pass has returned.
        Pass(index, ("ann", 1, [1, 0]));
        Assert.True(index.Contains("ann"));
    }

    [Fact]
    public void Of_more_users_than_the_limit_a_sample_is_held_that_is_the_same_everywhere()
    {
        var random = new Random(1);
        (string, long, float[])[] users = [.. Enumerable.Range(0, 5000).Select(n => (Id(n), 1L, Normal(random, 2)))];
        var one = new UserIndex(1, 2, 1000);
        var other = new UserIndex(1, 2, 1000);
        Pass(one, users);
        Pass(other, [.. users.Reverse()]);
        Assert.InRange(one.Count, 400, 1000);
        Assert.Equal(one.Count, other.Count);
        Assert.Equal(one.Search([1, 2], 5000).Order(StringComparer.Ordinal), other.Search([1, 2], 5000).Order(StringComparer.Ordinal));
        Assert.True(one.SampledOneOf >= 5);

        // Fewer users than the limit are all held again, after a pass for each halving.
        for (int pass = 0; pass < 6; pass++) Pass(one, users[..200]);
        Assert.Equal((200, 1), (one.Count, one.SampledOneOf));
    }

    [Fact]
    public async Task Searches_beside_changes_find_only_users_that_are_there()
    {
        var random = new Random(2);
        float[][] factors = [.. Enumerable.Range(0, 3000).Select(_ => Normal(random, 8))];
        var index = new UserIndex(1, 8, int.MaxValue);
        using var stop = new CancellationTokenSource();
        var searches = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested) Assert.All(index.Search(factors[0], 50), id => Assert.StartsWith("user-", id));
        })));
        for (int pass = 0; pass < 30; pass++)
        {
            Pass(index, [.. Enumerable.Range(0, 3000).Where(n => (n + pass) % 3 != 0).Select(n => (Id(n), 1L, factors[n]))]);
            index.Forget(Id(pass));
        }

        await stop.CancelAsync();
        await searches;
        Assert.Equal(2000 - 1, index.Count);
    }

    private static void Pass(UserIndex index, params (string UserId, long ModelVersion, float[] Factor)[] users)
    {
        index.BeginPass();
        index.Put([.. users.Select(user => Factor(user.UserId, user.ModelVersion, user.Factor))]);
        index.EndPass();
    }

    private static UserFactor Factor(string userId, long version, float[] factor) =>
        new(userId, new UserState
        {
            User = UserRef.User(userId),
            Revision = 1,
            ModelVersion = version,
            Factor = factor,
            History = default
        }.Encode());

    private static string Id(int user) => "user-" + user;

    private static float[] Normal(Random random, int length)
    {
        var numbers = new float[length];
        for (int j = 0; j < length; j++)
            numbers[j] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return numbers;
    }
}
