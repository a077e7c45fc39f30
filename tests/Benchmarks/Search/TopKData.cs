using System.Runtime.InteropServices;
using Recommender.Benchmarks.Quality;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Models;
using Recommender.Retrieval;

namespace Recommender.Benchmarks.Search;

/// <summary>Item factors and user factors to search with.</summary>
/// <param name="Items">items × rank, row-major.</param>
/// <param name="Users">queries × rank, row-major.</param>
internal sealed record TopKData(float[] Items, float[] Users, int Rank)
{
    private const int UserCount = 2_000;

    /// <summary>
    /// Factors trained on generated interactions, the same for the same arguments. Items belong to clusters of skewed sizes within
    /// categories. Users like a few categories and clusters. Within a cluster, popularity follows Zipf's law.
    /// </summary>
    /// <param name="keep">Keeps the factors in a file of the temp folder and reads them from there, because training takes minutes.</param>
    public static TopKData Generated(int items, int rank, bool keep)
    {
        string path = Path.Combine(Path.GetTempPath(), $"recommender-topk-{items}x{rank}-v2.bin");
        if (keep && File.Exists(path)) return Read(path);
        int users = Math.Max(1000, items / 4);
        Console.Error.WriteLine($"Generating interactions of {users} users with {items} items…");
        (int[] userOf, int[] itemOf) = Interactions(items, users, Math.Max(200_000, (long)items * 10));
        InteractionMatrix matrix = InteractionMatrix.Build(users, items, userOf, itemOf);
        Console.Error.WriteLine($"Training on {matrix.Count} interactions…");
        IalsModel model = IalsTrainer.Train(matrix, new IalsSettings { Rank = rank, Epochs = 5, Alpha0 = Math.Min(0.03, 750.0 / users) },
            new TrainOptions
            {
                Threads = Environment.ProcessorCount,
                Progress = p => Console.Error.WriteLine($"epoch {p.Epoch} of {p.Epochs}"),
            });
        TopKData data = Of(model, matrix);
        if (keep) data.Write(path);
        return data;
    }

    /// <summary>Factors trained on the training part of a public data set.</summary>
    public static TopKData Trained(string folder, int rank)
    {
        InteractionMatrix matrix = LearningData.Read(folder).Train;
        return Of(IalsTrainer.Train(matrix, new IalsSettings { Rank = rank }), matrix);
    }

    private static TopKData Of(IalsModel model, InteractionMatrix matrix)
    {
        int rank = model.Rank;
        float[] all = IalsTrainer.Users(model, matrix, Environment.ProcessorCount);
        var random = new Random(5);
        var queries = new float[UserCount * rank];
        for (int q = 0; q < UserCount; q++) all.AsSpan(random.Next(matrix.UserCount) * rank, rank).CopyTo(queries.AsSpan(q * rank));
        return new TopKData(model.ItemFactors.ToArray(), queries, rank);
    }

    /// <summary>The item factors of a model file. Users are folded in from histories of neighbouring items.</summary>
    public static TopKData OfModel(string path)
    {
        using FileStream stream = File.OpenRead(path);
        Model model = Model.Read(stream);
        int rank = model.Rank;
        var index = new ExactIndex(model.ItemFactors, rank);
        var random = new Random(5);
        var queries = new float[UserCount * rank];
        var near = new ScoredItem[Math.Min(100, model.ItemCount)];
        for (int q = 0; q < UserCount; q++)
        {
            int found = index.Search(index.Factor(random.Next(model.ItemCount)), near.Length, default, near);
            random.Shuffle(near.AsSpan(0, found));
            HistoryEntry[] history = [.. near.Take(Math.Min(found, random.Next(3, 20))).Select(n => new HistoryEntry(n.Item, 1, 1))];
            model.FoldIn(history, queries.AsSpan(q * rank, rank));
        }

        return new TopKData(model.ItemFactors.ToArray(), queries, rank);
    }

    private static (int[] Users, int[] Items) Interactions(int items, int users, long count)
    {
        var random = new Random(1);
        int categories = Math.Clamp(items / 2000, 10, 200), clusters = categories * 20;
        // Skewed sizes: cluster c holds the places from starts[c] on in a shuffled order of items.
        double[] sizes = [.. Enumerable.Range(0, clusters).Select(_ => Math.Exp(random.NextDouble() * 3))];
        double total = sizes.Sum(), sum = 0;
        var starts = new int[clusters + 1];
        for (int c = 0; c < clusters; c++) starts[c + 1] = (int)Math.Round((sum += sizes[c]) / total * items);
        int[] shuffled = [.. Enumerable.Range(0, items)];
        random.Shuffle(shuffled);

        const int Liked = 3;
        var likedClusters = new int[users * Liked];
        var fans = Enumerable.Range(0, clusters).Select(_ => new List<int>()).ToArray();
        for (int u = 0; u < users; u++)
        {
            int category = random.Next(categories);
            for (int l = 0; l < Liked; l++)
            {
                if (l == Liked - 1) category = random.Next(categories);
                int cluster = (category * 20) + (int)(20 * Math.Pow(random.NextDouble(), 2));
                likedClusters[(u * Liked) + l] = cluster;
                fans[cluster].Add(u);
            }
        }

        var userOf = new List<int>();
        var itemOf = new List<int>();
        void Add(int user, int place)
        {
            userOf.Add(user);
            itemOf.Add(shuffled[place]);
        }

        // Every item has a few events: an item without events is in no model.
        for (int c = 0; c < clusters; c++)
        {
            for (int place = starts[c]; place < starts[c + 1]; place++)
            {
                for (int n = 0; n < 3; n++) Add(fans[c].Count > 0 && n < 2 ? fans[c][random.Next(fans[c].Count)]
                    : random.Next(users), place);
            }
        }

        int Zipf(int n) => Math.Min(n - 1, (int)Math.Pow(n + 1, random.NextDouble()) - 1);
        int[] popular = [.. Enumerable.Range(0, items)];
        random.Shuffle(popular);
        while (userOf.Count < count)
        {
            int user = (int)(users * Math.Pow(random.NextDouble(), 1.5));
            double kind = random.NextDouble();
            int cluster = kind < 0.8 ? likedClusters[(user * Liked) + random.Next(Liked)] : random.Next(clusters);
            int size = starts[cluster + 1] - starts[cluster];
            if (kind > 0.9) Add(user, popular[Zipf(items)]);
            else if (size > 0) Add(user, starts[cluster] + Zipf(size));
        }

        return ([.. userOf], [.. itemOf]);
    }

    private static TopKData Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        Span<int> header = stackalloc int[3];
        stream.ReadExactly(MemoryMarshal.AsBytes(header));
        var items = new float[(long)header[0] * header[2]];
        var users = new float[(long)header[1] * header[2]];
        stream.ReadExactly(MemoryMarshal.AsBytes(items.AsSpan()));
        stream.ReadExactly(MemoryMarshal.AsBytes(users.AsSpan()));
        return new TopKData(items, users, header[2]);
    }

    private void Write(string path)
    {
        using (FileStream stream = File.Create(path + ".part"))
        {
            stream.Write(MemoryMarshal.AsBytes<int>([Items.Length / Rank, Users.Length / Rank, Rank]));
            stream.Write(MemoryMarshal.AsBytes<float>(Items));
            stream.Write(MemoryMarshal.AsBytes<float>(Users));
        }

        File.Move(path + ".part", path, overwrite: true);
    }
}
