using System.Globalization;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.FactorStore.Transitions;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Benchmarks.Running;

/// <summary>A catalogue with readable titles, users with tastes, and a model trained on their interactions.</summary>
internal static class ServeData
{
    private const int HistoryLength = 30;

    /// <summary>The number that the Trainer stores with a model.</summary>
    private const int SampleUsers = 400;

    public static string UserId(int user) => "user-" + user.ToString("000000", CultureInfo.InvariantCulture);

    /// <summary>Adds a full transition row of each item, rows of recent popularity, and a mix in which both count.</summary>
    public static async Task FillTransitionsAsync(IFactorStore store, int items, CancellationToken cancellation)
    {
        var settings = new TransitionSettings { HalfLifeMs = SessionMix.WeekMs, HistoryLength = 5, PositionPower = 2 };
        var table = new TransitionTable(settings);
        var random = new Random(3);
        const long Time = 1_600_000_000_000;
        foreach (var chunk in Enumerable.Range(1, items).Chunk(1000))
        {
            foreach (int key in chunk)
                for (int n = 0; n < settings.RowLength; n++) table.Add(key, 1 + random.Next(items), 1 + random.NextSingle(), Time);
            await store.PutTransitionsAsync([.. chunk.Select(key => new TransitionRowRecord(key, 1, 1, table.SaveRow(key)))], null,
                cancellation);
        }

        for (int scale = 0; scale < SessionMix.HalfLivesMs.Count; scale++)
        {
            var recent = new TransitionTable(new TransitionSettings { RowLength = 400, HalfLifeMs = SessionMix.HalfLivesMs[scale] });
            for (int n = 0; n < 20_000; n++) recent.Add(0, 1 + (int)(items * Math.Pow(random.NextDouble(), 3)), 1, Time);
            await store.PutTransitionsAsync([new(TransitionRowRecord.RecentKey(scale), 1, 1, recent.SaveRow(0))], null, cancellation);
        }

        var weights = new SessionWeights { Encoder = 0, Model = 1, Rules = 5, RecentHours = 1, RecentDay = 1, RecentWeek = 1 };
        var mix = new ScoreMix
        {
            Number = 1,
            Rules = "benchmark",
            Transitions = settings,
            Known = weights,
            Anonymous = weights,
            Mixed = weights
        };
        await store.PutScoreMixAsync(mix.Number, mix.Write(), cancellation);
        await store.CompleteTransitionsAsync(new("benchmark.1.1", 1), null, cancellation);
    }

    /// <summary>Fills a factor store as the Trainer would, and releases version 1.</summary>
    public static async Task FillAsync(IFactorStore store, int items, int rank, int users, CancellationToken cancellation)
    {
        int clusters = Math.Clamp(items / 100, 4, 2000), trained = Math.Max(users, items / 5);
        var random = new Random(1);
        var matrix = new InteractionMatrixBuilder(trained, items);
        var histories = new int[users][];
        for (int user = 0; user < trained; user++)
        {
            int[] tastes = [random.Next(clusters), random.Next(clusters), random.Next(clusters)];
            var history = new HashSet<int>();
            for (int n = 0; n < HistoryLength; n++)
            {
                // Within a cluster the chance falls with the place; one event in ten is of any cluster.
                int cluster = random.Next(10) == 0 ? random.Next(clusters) : tastes[random.Next(tastes.Length)];
                int place = (int)(items / clusters * Math.Pow(random.NextDouble(), 2.5));
                history.Add(Math.Min(cluster + place * clusters, items - 1));
            }

            foreach (int item in history) matrix.Add(new Entry(user, item));
            if (user < users) histories[user] = [.. history];
        }

        var model = IalsTrainer.Train(matrix.Build(), new IalsSettings { Rank = rank, Epochs = items > 100_000 ? 1 : 3 },
            cancellation: cancellation);
        float[] FactorOf(int user)
        {
            var factor = new float[rank];
            model.FoldIn([.. histories[user].Select(i => new HistoryEntry(i, 1, 1))], factor);
            return factor;
        }

        using var bytes = new MemoryStream();
        model.Write(bytes);
        var package = new ModelPackage([.. Enumerable.Range(1, items)], bytes.GetBuffer().AsMemory(0, (int)bytes.Length))
        {
            SampleUsers = [.. Enumerable.Range(0, Math.Min(users, SampleUsers)).SelectMany(FactorOf)],
        };
        await store.PutModelAsync(1, package.Encode(), cancellation);

        var created = DateTimeOffset.UnixEpoch.AddYears(50);
        foreach (var chunk in Enumerable.Range(0, items).Chunk(5000))
        {
            await store.PutItemsAsync([.. chunk.Select(i => new ItemRecord
            {
                ItemKey = i + 1,
                ItemId = "item-" + i.ToString("0000000", CultureInfo.InvariantCulture),
                CreatedAt = created,
                Popularity = items - i,
                Trend = i % 1000,
                Item = new Item { ItemId = "item-" + i.ToString("0000000", CultureInfo.InvariantCulture),
                Title = $"A readable title of item {i}", Categories = ["category-" + i % clusters % 20] },
            })], cancellation);
        }

        foreach (var chunk in Enumerable.Range(0, users).Chunk(1000))
        {
            await store.PutUsersAsync([.. chunk.Select(u => new UserState
            {
                User = UserRef.User(UserId(u)),
                Revision = 1,
                ModelVersion = 1,
                Factor = FactorOf(u),
                History = histories[u].Select(i => new HistoryRecord(i + 1, 1, 1, 1_600_000_000)).ToArray(),
            })], cancellation);
        }

        await store.SetReleasedAsync(1, cancellation);
        await store.SetGenerationAsync("benchmark", cancellation);
    }
}
