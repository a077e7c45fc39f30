using System.Globalization;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Models;
using Xunit;

namespace Recommender.Recommend.Tests;

/// <summary>
/// A small shop whose right answers are known: three categories, users who buy in one of them, a model trained on that. Store keys are
/// not indexes on purpose: key = 100 + 7 × number.
/// </summary>
internal sealed class Shop
{
    public const int Items = 60;
    public const int Rank = 8;
    public static readonly string[] Categories = ["books", "games", "music"];

    private static readonly Lazy<Shop> s_whole = new(() => new Shop(_ => true, seed: 1));
    private static readonly Lazy<Shop> s_withNeighbours = new(() => new Shop(_ => true, seed: 1, new HybridSettings
    {
        Factors = new IalsSettings { Rank = Rank, Epochs = 4 },
        Neighbourhood = new NeighbourhoodSettings { Neighbours = 7 },
        Weight = 1.5,
    }));

    private static readonly Lazy<Shop> s_withRecency = new(() => new Shop(_ => true, seed: 1, new RecencySettings
    {
        Of = new HybridSettings
        {
            Factors = new IalsSettings { Rank = Rank, Epochs = 4 },
            Neighbourhood = new NeighbourhoodSettings { Neighbours = 7 },
            Weight = 1.5
        },
        HalfLife = 1,
    }));

    private static readonly Lazy<Shop> s_neighboursAlone =
        new(() => new Shop(_ => true, seed: 1, new NeighbourhoodSettings { Neighbours = 12 }));

    private Shop(Func<int, bool> hasFactor, int seed, LearnerSettings? settings = null)
    {
        Numbers = [.. Enumerable.Range(0, Items).Where(hasFactor).OrderBy(IdOf, StringComparer.Ordinal)];
        var matrix = new InteractionMatrixBuilder(90, Numbers.Length);
        var random = new Random(seed);
        for (int user = 0; user < 90; user++)
        {
            for (int index = 0; index < Numbers.Length; index++)
                if (Numbers[index] % 3 == user % 3 && random.Next(100) < 45) matrix.Add(new Entry(user, index));
        }

        Model = (settings ?? new IalsSettings { Rank = Rank, Epochs = 4, Seed = seed }).Train(matrix.Build());
    }

    /// <summary>All sixty items have factors.</summary>
    public static Shop Whole => s_whole.Value;

    /// <summary>The same with a model that adds an item–item term to the factors.</summary>
    public static Shop WithNeighbours => s_withNeighbours.Value;

    /// <summary>The same with a model whose histories count by recency.</summary>
    public static Shop WithRecency => s_withRecency.Value;

    /// <summary>The same with a model of an item–item term alone.</summary>
    public static Shop NeighboursAlone => s_neighboursAlone.Value;

    public static Shop WithFactors(Func<int, bool> hasFactor, int seed = 1) => new(hasFactor, seed);

    /// <summary>Number of the item of each index, in ordinal order of ids.</summary>
    public int[] Numbers { get; }

    public Model Model { get; }

    public static string IdOf(int number) => $"item-{number:00}";

    public static int KeyOf(int number) => 100 + 7 * number;

    public static int NumberOf(string itemId) => int.Parse(itemId.AsSpan(5), CultureInfo.InvariantCulture);

    public static string TitleOf(string itemId) => $"Title \"{NumberOf(itemId)}\" é";

    public static string CategoryOf(string itemId) => Categories[NumberOf(itemId) % 3];

    public int IndexOf(int number) => Array.IndexOf(Numbers, number);

    /// <summary>
    /// Item 0 is the newest and has no users, item 59 has the most: popularity is log2(number); price = number; even numbers have the tag
    /// "even".
    /// </summary>
    public static ItemRecord Record(int number, bool available = true, bool deleted = false) => new()
    {
        ItemKey = KeyOf(number),
        ItemId = IdOf(number),
        Deleted = deleted,
        CreatedAt = DateTimeOffset.UnixEpoch.AddYears(50),
        Popularity = Math.Log2(number),
        Trend = number < 10 ? 500 + number : double.NegativeInfinity,
        Item = new Item
        {
            ItemId = IdOf(number),
            Title = TitleOf(IdOf(number)),
            Categories = [Categories[number % 3]],
            Tags = number % 2 == 0 ? ["even"] : [],
            Available = available,
            PublishedAt = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(-number),
            Properties = new Dictionary<string, JsonElement>
            {
                ["price"] = JsonSerializer.SerializeToElement(number),
                ["brand"] = JsonSerializer.SerializeToElement("brand-" + number % 5),
                ["inStock"] = JsonSerializer.SerializeToElement(number % 4 != 0),
            },
        },
    };

    public static HistoryRecord Bought(int number, float weight = 1, float target = 1, uint lastAtSeconds = 1_600_000_000) =>
        new(KeyOf(number), weight, target, lastAtSeconds);

    /// <summary>A user with a history, folded in against this shop's model unless <paramref name="version"/> is 0.</summary>
    public UserState User(string id, long version, params HistoryRecord[] history) => State(UserRef.User(id), version, history);

    public UserState State(UserRef user, long version, params HistoryRecord[] history)
    {
        var factor = new float[version == 0 ? 0 : Model.Rank];
        if (version != 0) Model.FoldIn(Entries(history), factor);
        return new UserState { User = user, Revision = 1, ModelVersion = version, Factor = factor, History = history };
    }

    public HistoryEntry[] Entries(IEnumerable<HistoryRecord> history) =>
        [.. history.Select(h => new HistoryEntry(IndexOf((h.ItemKey - 100) / 7), h.Weight, h.Target,
            history.Count(o => o.LastAtSeconds > h.LastAtSeconds))).Where(e => e.Item >= 0)];

    public byte[] Package()
    {
        using var stream = new MemoryStream();
        Model.Write(stream);
        return new ModelPackage([.. Numbers.Select(KeyOf)], stream.ToArray()).Encode();
    }

    /// <summary>Fills a factor store with the catalogue, this model as a released version, and users who bought in one category
    /// each.</summary>
    public async Task FillAsync(IFactorStore store, long version = 1, params UserState[] users)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await store.PutItemsAsync([.. Enumerable.Range(0, Items).Select(n => Record(n))], cancellation);
        await ReleaseAsync(store, version);
        await store.PutUsersAsync([User("reader", version, Bought(0), Bought(3), Bought(6)), User("gamer", version, Bought(1), Bought(4)),
            .. users], cancellation);
        await store.SetGenerationAsync("first", cancellation);
    }

    public async Task ReleaseAsync(IFactorStore store, long version)
    {
        await store.PutModelAsync(version, Package(), TestContext.Current.CancellationToken);
        await store.SetReleasedAsync(version, TestContext.Current.CancellationToken);
    }

    /// <summary>The score of an item for a history, by brute force.</summary>
    public float ScoreOf(IEnumerable<HistoryRecord> history, int number)
    {
        var entries = Entries(history);
        var factor = new float[Model.Rank];
        Model.FoldIn(entries, factor);
        float sum = 0;
        var row = Model.ItemFactors.Span.Slice(IndexOf(number) * Model.Rank, Model.Rank);
        for (int i = 0; i < factor.Length; i++) sum += row[i] * factor[i];
        if (Model.Neighbours is not { } neighbours) return sum;
        var term = new float[Model.ItemCount];
        neighbours.Score(entries, term);
        return sum + term[IndexOf(number)];
    }
}
