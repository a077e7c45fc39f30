using Recommender.Benchmarks.Quality;
using Recommender.Factorization.Content;
using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Spectral;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Tests;

public sealed class ContentTests
{
    private static readonly string[] s_tastes = ["garden hose", "wooden lamp", "silver ring", "running shoe", "coffee cup"];

    /// <summary>Items whose titles tell their taste; the last of each taste have no events.</summary>
    private static (Split Split, ItemContent Content, int[] Cold) Titled()
    {
        const int Items = 100;
        var all = TestData.Planted(300, Items, 14, 5);
        int[] cold = [.. Enumerable.Range(90, 10)];
        var entries = Enumerable.Range(0, 300).SelectMany(u => all.Users.Row(u).ToArray().Select(i => new Entry(u, i))).ToList();
        var split = Splits.Make(300, Items, entries.Where(e => !cold.Contains(e.Item)), entries.Where(e => cold.Contains(e.Item)));
        var content = ItemContent.Build([.. Enumerable.Range(0, Items)
            .Select(i => new ItemText { Title = $"{s_tastes[i % 5]} no {i}", Labels = [$"brand {i % 7}"] })]);
        return (split, content, cold);
    }

    [Theory]
    [InlineData("ials"), InlineData("spectral"), InlineData("sum"), InlineData("compressed"), InlineData("hybrid")]
    public void Items_without_events_are_found_by_their_titles(string learner)
    {
        var (split, content, cold) = Titled();
        LearnerSettings settings = learner switch
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
        var model = settings.Train(split.Train);
        var blended = ContentFactors.Blend(model, content, ContentFactors.EventsOf(split.Train));
        double Cold(Model m) => Evaluation.Run(
            (history, scores) =>
            {
                for (int i = 0; i < scores.Length; i++) scores[i] = cold.Contains(i) ? TestData.Score(m, history, i)
                    : float.NegativeInfinity;
            }, split, new EvaluationOptions { K = 2 }).Recall; // Each taste has two of the ten cold items.
        Assert.InRange(Cold(blended), .75, 1);
        Assert.InRange(Cold(model), 0, .45);
    }

    [Fact]
    public void Items_with_many_events_keep_their_factor_and_those_without_content_too()
    {
        var (split, content, _) = Titled();
        var model = new IalsSettings { Rank = 8 }.Train(split.Train);
        var events = ContentFactors.EventsOf(split.Train);
        var blended = ContentFactors.Blend(model, content, events);
        for (int i = 0; i < 100; i++)
        {
            bool same = model.ItemFactors.Span.Slice(i * 8, 8).SequenceEqual(blended.ItemFactors.Span.Slice(i * 8, 8));
            Assert.Equal(events[i] >= 20, same);
        }

        var nothing = ItemContent.Build(new ItemText?[100]);
        Assert.Equal(TestData.Bytes(model), TestData.Bytes(ContentFactors.Blend(model, nothing, events)));
    }

    [Fact]
    public void Vectors_and_numbers_are_features_too()
    {
        const int Items = 40;
        var data = TestData.Planted(200, Items, 10, 5, tastes: 2);
        var train = InteractionMatrix.Build(200, Items,
            Enumerable.Range(0, 200).SelectMany(u => data.Users.Row(u).ToArray().Where(i => i >= 2).Select(i => new Entry(u, i))));
        var model = new IalsSettings { Rank = 4 }.Train(train);
        foreach (bool vector in new[] { true, false })
        {
            var content = ItemContent.Build([.. Enumerable.Range(0, Items).Select(i => vector
                ? new ItemText { Vector = [i % 2, 1 - i % 2] }
                : new ItemText { Numbers = [("price", i % 2 == 0 ? 1 : 1000)] })]);
            var blended = ContentFactors.Blend(model, content, ContentFactors.EventsOf(train));
            HistoryEntry[] even = [new(4, 1, 1), new(6, 1, 1)];
            Assert.True(TestData.Score(blended, even, 0) > TestData.Score(blended, even, 1) + .05f);
        }
    }

    [Fact]
    public void A_vector_of_another_length_says_nothing_rather_than_being_compared_as_if_padded()
    {
        const int Items = 40;
        var data = TestData.Planted(200, Items, 10, 5, tastes: 2);
        var train = InteractionMatrix.Build(200, Items,
            Enumerable.Range(0, 200).SelectMany(u => data.Users.Row(u).ToArray().Select(i => new Entry(u, i))));
        var model = new IalsSettings { Rank = 4 }.Train(train);
        var content = ItemContent.Build([.. Enumerable.Range(0, Items).Select(i => new ItemText { Vector = [i % 2, 1 - i % 2] })]);
        var placement = ItemPlacement.Learn(model, train, content);
        var factor = new float[4];
        Assert.True(placement.Place(new ItemText { Vector = [1, 0] }, [], [], factor));
        Assert.False(placement.Place(new ItemText { Vector = [1, 0, 0] }, [], [], factor));
        Assert.False(placement.Place(new ItemText { Vector = [1] }, [], [], factor));
    }

    [Fact]
    public void Withheld_films_are_found_three_times_as_often_as_by_popularity_of_their_genres()
    {
        string? root = LearningData.Root();
        if (root is null || !Directory.Exists(Path.Combine(root, "ml-latest-small")))
            Assert.Skip("The data set ml-latest-small is not here; set RECOMMENDER_DATA to the folder of data sets.");
        var result = ColdItems.Judge(Path.Combine(root, "ml-latest-small"),
            new IalsSettings { Rank = 32, Alpha0 = .1, Lambda = .03, Epochs = 4 });
        Assert.True(result.Content > result.Random * 2, $"{result}");
        Assert.True(result.Content > result.Popularity * 3, $"{result}");
    }
}
