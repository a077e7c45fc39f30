using Recommender.Factorization.Algebra;
using Recommender.Factorization.Content;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Spectral;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Tests;

/// <summary>Factors of items that came after the training.</summary>
public sealed class ItemPlacementTests
{
    private const int Warm = 90, All = 100, Users = 300;

    private static readonly string[] s_tastes = ["garden hose", "wooden lamp", "silver ring", "running shoe", "coffee cup"];

    private static readonly InteractionMatrix s_everything = TestData.Planted(Users, All, 14, 5);

    /// <summary>Without the last ten items: two of each taste, as their titles say.</summary>
    private static readonly InteractionMatrix s_train = InteractionMatrix.Build(Users, Warm,
        Enumerable.Range(0, Users).SelectMany(u => s_everything.Users.Row(u).ToArray().Where(i => i < Warm).Select(i => new Entry(u, i))));

    private static ItemText Text(int item) => new() { Title = $"{s_tastes[item % 5]} no {item}", Labels = [$"brand {item % 7}"] };

    private static LearnerSettings Settings(string learner) => learner switch
    {
        "spectral" => new SpectralSettings { Rank = 8 },
        "sum" => new SumSettings { First = new IalsSettings { Rank = 8 }, Second = new SpectralSettings { Rank = 8 } },
        "compressed" => new CompressedSettings
        {
            Of =
            new SumSettings { First = new IalsSettings { Rank = 8 }, Second = new SpectralSettings { Rank = 8 } },
            Rank = 8
        },
        "hybrid" => new HybridSettings { Factors = new IalsSettings { Rank = 8 } },
        _ => new IalsSettings { Rank = 8 },
    };

    [Theory]
    [InlineData(0, 1), InlineData(.3, 1), InlineData(.2, .5)]
    public void Folding_an_item_in_equals_one_more_half_step_of_training(double damping, double nu)
    {
        const int Rank = 12;
        var data = TestData.Planted(120, 60, 14, 7, weighted: true);
        var model = IalsTrainer.Train(data, new IalsSettings
        {
            Rank = Rank,
            Epochs = 3,
            Damping = damping,
            Nu = nu,
            Alpha0 = .1,
            Lambda = .02
        });
        var users = IalsTrainer.Users(model, data);
        var turned = (float[])users.Clone();
        var gram = Dense.ToPrincipalAxes(turned, data.UserCount, Rank, 1, default);
        var step = new float[data.ItemCount * Rank];
        IalsTrainer.HalfStep(data.Items, turned, gram, data.UserCount, model.Settings, null, model.ItemWeights, step, 1, default);

        var folding = ItemFolding.Of(model, data);
        var folded = new float[Rank];
        for (int item = 0; item < data.ItemCount; item++)
        {
            var consumers = data.Items.Row(item).ToArray().SelectMany(u => users.AsSpan(u * Rank, Rank).ToArray()).ToArray();
            var says = Enumerable.Range(0, data.Items.Length(item))
                .Select(e => new Preference(data.Items.Weight(data.Items.Starts[item] + e),
                    data.Items.Target(data.Items.Starts[item] + e))).ToArray();
            folding.FoldIn(consumers, says, folded);
            // The axes differ, the scores do not.
            for (int u = 0; u < data.UserCount; u += 7)
                Assert.Equal(Vectors.Dot(turned.AsSpan(u * Rank, Rank), step.AsSpan(item * Rank, Rank)),
                    Vectors.Dot(users.AsSpan(u * Rank, Rank), folded), 2e-4f);
        }
    }

    [Theory]
    [InlineData("ials"), InlineData("spectral"), InlineData("sum"), InlineData("compressed"), InlineData("hybrid")]
    public void A_new_item_is_found_by_its_title_at_once_and_better_by_its_events(string learner)
    {
        var model = Settings(learner).Train(s_train);
        var content = ItemContent.Build([.. Enumerable.Range(0, Warm).Select(Text)]);
        var placement = ItemPlacement.Learn(model, s_train, content);
        Assert.InRange(Found(model, item => Place(placement, model, item, withText: true, consumers: 0)), .7, 1);
        Assert.InRange(Found(model, item => Place(placement, model, item, withText: true, consumers: 5)), .7, 1);
        Assert.InRange(Found(model, item => Place(placement, model, item, withText: false, consumers: 15)), .7, 1);
        Assert.Equal(0, Found(model, item => Place(placement, model, item, withText: false, consumers: 0)), .35);

        // On the scale of learned items, so that new ones neither crowd them out nor disappear behind them.
        double Mean(IEnumerable<float[]> rows) => rows.Average(r => Math.Sqrt(Vectors.Dot(r, r)));
        double learned = Mean(Enumerable.Range(0, Warm).Select(i => model.ItemFactors.Slice(i * model.Rank, model.Rank).ToArray()));
        Assert.InRange(Mean(Enumerable.Range(Warm, 10).Select(i => Place(placement, model, i, withText: false, consumers: 15))) / learned,
            .5, 2);
        Assert.InRange(Mean(Enumerable.Range(Warm, 10).Select(i => Place(placement, model, i, withText: true, consumers: 0)))
            / learned, .4, 2);
    }

    [Fact]
    public void Events_outweigh_a_title_that_misleads()
    {
        var model = Settings("ials").Train(s_train);
        var placement = ItemPlacement.Learn(model, s_train, ItemContent.Build([.. Enumerable.Range(0, Warm).Select(Text)]));
        var says = Consumers(model, 94, 30); // A cup, of which the catalogue says that it is a lamp.
        Assert.True(says.Says.Length > 10);
        var mislabelled = new float[model.Rank];
        var score = (int users, int like) =>
        {
            Assert.True(placement.Place(Text(1), says.Factors.AsSpan(0, users * model.Rank), says.Says.AsSpan(0, users), mislabelled));
            return Enumerable.Range(0, Warm).Where(i => i % 5 == like).Average(i => Dot(model, [new(i, 1, 1)], mislabelled));
        };
        Assert.True(score(0, 1) > score(0, 4));
        Assert.True(score(says.Says.Length, 4) > score(says.Says.Length, 1));
    }

    [Fact]
    public void Written_and_read_again_it_places_to_the_bit()
    {
        var model = Settings("ials").Train(s_train);
        var placement = ItemPlacement.Learn(model, s_train,
            ItemContent.Build([.. Enumerable.Range(0, Warm).Select(Text)], mostFeatures: 50), threads: 2);
        using var stream = new MemoryStream();
        placement.Write(stream);
        var read = ItemPlacement.Read(new MemoryStream(stream.ToArray()));
        Assert.Equal(Place(placement, model, 93, true, 4), Place(read, model, 93, true, 4));
        for (int length = 0; length < stream.Length; length += 301)
            Assert.Throws<InvalidDataException>(() => ItemPlacement.Read(new MemoryStream(stream.ToArray(), 0, length)));
        using var again = new MemoryStream();
        ItemPlacement.Learn(model, s_train, ItemContent.Build([.. Enumerable.Range(0, Warm).Select(Text)], mostFeatures: 50), threads: 1)
            .Write(again);
        Assert.Equal(stream.ToArray(), again.ToArray()); // Whatever the number of threads.
    }

    [Fact]
    public void Half_a_character_in_a_title_is_no_harm()
    {
        var model = Settings("ials").Train(s_train);
        var placement = ItemPlacement.Learn(model, s_train, ItemContent.Build([.. Enumerable.Range(0, Warm).Select(Text)]));
        Assert.True(placement.Place(new ItemText { Title = "wooden \ud83d lamp" }, [], [], new float[8]));
        Assert.False(placement.Place(new ItemText { Title = "\ud83d" }, [], [], new float[8]));
    }

    private static float[] Place(ItemPlacement placement, Model model, int item, bool withText, int consumers)
    {
        var factor = new float[model.Rank];
        var (factors, says) = Consumers(model, item, consumers);
        Assert.Equal(withText || consumers > 0, placement.Place(withText ? Text(item) : null, factors, says, factor));
        return factor;
    }

    private static (float[] Factors, Preference[] Says) Consumers(Model model, int item, int count)
    {
        var users = s_everything.Items.Row(item).ToArray().Take(count).ToArray();
        var factors = new float[users.Length * model.Rank];
        for (int n = 0; n < users.Length; n++) model.FoldIn(s_train.Users.History(users[n]), factors.AsSpan(n * model.Rank, model.Rank));
        return (factors, [.. users.Select(_ => new Preference(1, 1))]);
    }

    /// <summary>Share of users whose taste's two new items are among the best two of the ten; those who were looked at last.</summary>
    private static double Found(Model model, Func<int, float[]> place)
    {
        var rows = Enumerable.Range(Warm, 10).Select(place).ToArray();
        double found = 0;
        int counted = 0;
        for (int u = 0; u < Users; u++)
        {
            var wanted = s_everything.Users.Row(u).ToArray().Where(i => i >= Warm).ToArray();
            if (wanted.Length == 0) continue;
            var history = s_train.Users.History(u);
            var best = Enumerable.Range(0, 10).OrderByDescending(n => Dot(model, history, rows[n])).Take(2).Select(n => n + Warm);
            found += wanted.Intersect(best).Count() / (double)wanted.Length;
            counted++;
        }

        return found / counted;
    }

    private static float Dot(Model model, HistoryEntry[] history, float[] row)
    {
        var factor = new float[model.Rank];
        model.FoldIn(history, factor);
        return Vectors.Dot(factor, row);
    }
}
