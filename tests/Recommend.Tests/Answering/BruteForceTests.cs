using System.Text.Json;
using FsCheck.Fluent;
using Recommender.Contracts;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Events;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>Random requests on random catalogues: the engine's answer is what scoring everything one by one gives.</summary>
public sealed class BruteForceTests
{
    [Fact]
    public void Answers_equal_brute_force()
    {
        FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(ArbMap.Default.ArbFor<int>(), Holds));
    }

    private static bool Holds(int seed)
    {
        var random = new Random(seed);
        var shop = new[] { Shop.Whole, Shop.WithNeighbours, Shop.NeighboursAlone }[random.Next(3)];
        var unavailable = Enumerable.Range(0, Shop.Items).Where(_ => random.Next(8) == 0).ToHashSet();
        var catalogue = new Catalogue([.. shop.Numbers.Select(Shop.KeyOf)], TimeProvider.System);
        catalogue.Apply([.. Enumerable.Range(0, Shop.Items).Select(n => Shop.Record(n, available: !unavailable.Contains(n)))]);
        catalogue.Publish();
        var model = new ServingModel(1, shop.Model, [.. shop.Numbers.Select(Shop.KeyOf)],
            ItemIndexes.Create(shop.Model.ItemFactors, shop.Model.Rank));
        var state = new ServingState(model, catalogue);

        HistoryRecord[] history = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(Shop.Items)).Distinct()
            .Select(n => Shop.Bought(n, 1 + random.Next(5), random.Next(4) == 0 ? 0 : 1))];
        int[] excluded = [.. Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(Shop.Items))];
        int below = random.Next(2) == 0 ? int.MaxValue : random.Next(1, 60);
        int count = random.Next(0, 70);
        bool includeSeen = random.Next(3) == 0;
        double factor = random.Next(2) == 0 ? 1 : Math.Pow(4, random.NextDouble() * 2 - 1);
        var request = new RecommendationRequest
        {
            Count = count,
            IncludeSeen = includeSeen,
            Exclude = [.. excluded.Select(Shop.IdOf)],
            Filter = below == int.MaxValue ? null : JsonSerializer.Deserialize($$"""{"must":[{"key":"price","lt":{{below}}}]}""",
            ContractsJson.Default.Filter),
            Boosts = factor == 1 ? null
            : [new Boost { Factor = factor, Filter =
                JsonSerializer.Deserialize("""{"must":[{"key":"tags","any":["even"]}]}""", ContractsJson.Default.Filter) }],
        };

        // A filter on a key that no available item has is an error, tested elsewhere.
        if (unavailable.Count == Shop.Items) return true;
        var options = new RecommendOptions();
        var placements = new Placements(new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build());
        var engine = new Engine(options, EventWeights.Create(), new HideRules(placements, EventWeights.Create()), new Rotation(options),
            TimeProvider.System);
        using var workspace = new WorkspacePool().Rent();
        var answer = engine.Recommend(state, new RequestReader(options, placements, EventWeights.Default).Read(request),
            new Subject { User = shop.User("u", 1, history).Encode() }, workspace);

        bool personal = history.Any(h => h.Target > 0);
        float Score(int n)
        {
            float score = personal ? shop.ScoreOf(history, n) : n;
            return n % 2 != 0 ? score : score >= 0 ? score * (float)factor : score / (float)factor;
        }

        var seen = history.Select(h => (h.ItemKey - 100) / 7).ToHashSet();
        var expected = Enumerable.Range(0, Shop.Items)
            .Where(n => !unavailable.Contains(n) && !excluded.Contains(n) && n < below && (includeSeen || !seen.Contains(n)))
            .OrderByDescending(Score).Take(count).ToList();
        var items = answer.Items.ToArray();
        var got = items.Select(item => Shop.NumberOf(catalogue[item.Position]!.Id)).ToList();
        // Where no item has a score, the model had nothing to say.
        bool fromModel = personal && (expected.Count == 0 || expected.Any(n => Score(n) != 0));
        if (got.Count != expected.Count || (count > 0 && answer.Source != (fromModel ? Sources.Personal : Sources.Popular))) return false;

        // Items whose scores differ by rounding alone may change places.
        for (int i = 0; i < got.Count; i++)
            if (got[i] != expected[i] && Math.Abs(Score(got[i]) - Score(expected[i])) > 1e-4f) return false;
        for (int i = 0; i < got.Count && fromModel; i++)
            if (Math.Abs(items[i].Score - Score(got[i])) > 1e-4f * (1 + Math.Abs(Score(got[i]))) && factor == 1) return false;
        return got.Distinct().Count() == got.Count;
    }
}
