using Recommender.FactorStore;
using Recommender.Factorization.Events;
using Recommender.Factorization.Sessions;
using Recommender.Storage.Events;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Mixing;

namespace Recommender.Trainer.Tests.Learning;

public class SessionSequencesTests
{
    private const long Minute = 60_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static SessionData Sessions(int pairsLimit, params (int User, int Item, int AtMinute, string Type)[] events)
    {
        string[] types = ["view", "dislike"];
        var data = TrainingData.Build(
            new InteractionLog
            {
                UserKeys = [.. events.Select(e => e.User)],
                ItemKeys = [.. events.Select(e => e.Item)],
                TypeIds = [.. events.Select(e => (short)Array.IndexOf(types, e.Type))],
                Values = [.. events.Select(_ => float.NaN)],
                OccurredAtMs = [.. events.Select(e => e.AtMinute * Minute)],
            },
            // Item 9 is not in the catalogue.
            Enumerable.Range(0, 9).ToDictionary(i => i, i => $"{i}"), types, EventWeights.Create());
        var indexes = Array.ConvertAll(data.ItemKeys, key => key);
        var sessions = SessionSequences.Build(data, events.Length, data.Items, 30 * Minute, pairsLimit);
        return SessionData.Build(10, Enumerable.Range(0, sessions.Count).Select(s =>
            (IReadOnlyCollection<int>)sessions[s].ToArray().Select(row => indexes[row]).ToArray()));
    }

    private static string[] Texts(SessionData sessions) =>
        [.. Enumerable.Range(0, sessions.Count).Select(s => string.Join(' ', sessions[s].ToArray()))];

    [Fact]
    public void Events_of_a_user_are_cut_at_gaps_and_sessions_are_in_order_of_their_ends() =>
        Assert.Equal(["3 4", "1 2 6", "5 7"], Texts(Sessions(100, (1, 1, 0, "view"), (2, 3, 1, "view"), (1, 2, 30, "view"),
            (2, 4, 31, "view"), (1, 6, 60, "view"), (1, 5, 91, "view"), (1, 7, 92, "view"), (2, 8, 99, "view"))));

    [Fact]
    public void Only_positive_events_on_known_items_count_and_an_item_twice_in_a_row_once() =>
        Assert.Equal(["1 2 1"], Texts(Sessions(100, (1, 1, 0, "view"), (1, 1, 1, "view"), (1, 3, 2, "dislike"), (1, 9, 3, "view"),
            (1, 2, 4, "view"), (1, 1, 5, "view"))));

    [Fact]
    public void Of_too_many_pairs_the_newest_sessions_stay()
    {
        (int, int, int, string)[] events = [(1, 1, 0, "view"), (1, 2, 1, "view"), (2, 3, 2, "view"), (2, 4, 3, "view"), (3, 5, 4, "view"),
            (3, 6, 5, "view"), (3, 7, 6, "view")];
        Assert.Equal(["3 4", "5 6 7"], Texts(Sessions(3, events)));
        Assert.Equal(["5 6 7"], Texts(Sessions(2, events)));
        Assert.Empty(Texts(Sessions(1, events)));
    }

    [Fact]
    public async Task A_model_has_an_encoder_of_its_items_the_same_for_any_number_of_threads()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Chains(0, 300));
        var model = (await trainer.Training.RunAsync(Cancellation))!;
        var package = ModelPackage.Decode((await trainer.Store.ReadModelAsync(model.Version, Cancellation))!);
        var mixed = MixedModel.Decode(model.Version, (await trainer.Store.ReadModelAsync(model.Version, Cancellation))!);
        Assert.Equal(package.ItemKeys.Length, mixed.Encoder!.ItemCount);
        Assert.Equal(1500, model.Metrics!.Sessions!.EncoderPairs);
        Assert.True(model.Metrics.Sessions.EncoderSeconds > 0);
        // What follows an item is above all others but itself.
        var names = (await trainer.Store.ReadCatalogueAsync(0, 100, Cancellation)).ToDictionary(item => item.ItemKey, item => item.ItemId);
        var scores = new float[30];
        int asked = Array.FindIndex(package.ItemKeys, key => names[key] == "item-11");
        mixed.Encoder.Score([asked], scores);
        scores[asked] = float.NegativeInfinity;
        Assert.Equal("item-12", names[package.ItemKeys[Array.IndexOf(scores, scores.Max())]]);

        trainer.Options.Threads = 1;
        var again = (await trainer.Training.RunAsync(Cancellation))!;
        var other = ModelPackage.Decode((await trainer.Store.ReadModelAsync(again.Version, Cancellation))!);
        Assert.True(other.Encoder.Span.SequenceEqual(package.Encoder.Span));
    }

    [Fact]
    public async Task With_few_pairs_or_without_transitions_a_model_has_no_encoder()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Chains(0, 150));
        var few = (await trainer.Training.RunAsync(Cancellation))!;
        Assert.Equal(0, few.Metrics!.Sessions!.EncoderPairs);
        await trainer.SendAsync(TrainerFixture.Chains(150, 150));
        trainer.Options.EncoderPairsLimit = 0;
        var none = (await trainer.Training.RunAsync(Cancellation))!;
        trainer.Options.TransitionItemsLimit = 0;
        var off = (await trainer.Training.RunAsync(Cancellation))!;
        Assert.Null(off.Metrics!.Sessions);
        foreach (var model in new[] { few, none, off })
            Assert.True(ModelPackage.Decode((await trainer.Store.ReadModelAsync(model.Version, Cancellation))!).Encoder.IsEmpty);
    }
}
