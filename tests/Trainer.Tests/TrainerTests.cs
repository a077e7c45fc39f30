using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Tuning;
using Recommender.TestKit;
using Recommender.Trainer.Events;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Releasing;
using Recommender.Trainer.Status;

namespace Recommender.Trainer.Tests;

public class TrainerTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_that_comes_twice_counts_once()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        var view = TrainerFixture.Event("u", "i", s_start);
        await trainer.SendAsync(view);
        await trainer.SendAsync(view, view);

        Assert.Equal(1, (await trainer.Store.GetStatusAsync(Cancellation)).Events);
        Assert.Equal(1, Assert.Single((await trainer.ReadUserAsync(UserRef.User("u")))!.Value.History).Weight);
    }

    [Fact]
    public async Task Whatever_way_events_come_the_user_ends_the_same()
    {
        var events = Enumerable.Range(0, 12).Select(i =>
            TrainerFixture.Event("u", $"item-{i % 5}", s_start.AddHours(i), i % 3 == 0 ? "purchase" : "view")).ToArray();
        await using var inOrder = await TrainerFixture.CreateAsync();
        foreach (var one in events) await inOrder.SendAsync(one);
        await using var backwards = await TrainerFixture.CreateAsync();
        await backwards.SendAsync([.. events.Reverse()]);

        // Item keys depend on the order of arrival; weights and times must not.
        var expected = (await inOrder.ReadUserAsync(UserRef.User("u")))!.Value.History.Select(h => (h.Weight, h.Target, h.LastAtSeconds));
        Assert.Equal(expected, (await backwards.ReadUserAsync(UserRef.User("u")))!.Value.History.Select(h =>
            (h.Weight, h.Target, h.LastAtSeconds)));
    }

    [Fact]
    public async Task What_cannot_be_read_is_named_with_its_reason_and_the_rest_is_stored()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        var dead = await trainer.Interactions.HandleAsync(
        [
            TrainerFixture.Message("not json"u8.ToArray()),
            TrainerFixture.Message("""[{"userId":"u","itemId":"i","type":"view"},{"userId":"u","type":"view"}]"""u8.ToArray()),
        ], Cancellation);

        Assert.Equal(2, dead.Count);
        Assert.Contains("itemId", dead[1].Reason);
        Assert.Equal(1, (await trainer.Store.GetStatusAsync(Cancellation)).Events);
    }

    [Fact]
    public async Task A_trained_model_is_released_and_recommends_the_rest_of_a_users_circle()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        var info = await trainer.Training.RunAsync(Cancellation);

        Assert.NotNull(info);
        Assert.Equal(info.Version, await trainer.FactorStore.GetReleasedAsync(Cancellation));
        Assert.Equal(info.Version, Assert.Single(trainer.Notices.Sent.OfType<ModelReleased>()).Version);
        Assert.Equal(ModelState.Released, (await trainer.Store.GetModelAsync(info.Version, Cancellation))!.State);
        Assert.NotNull(info.Metrics);
        Assert.True(info.Metrics.Results["model"].NdcgAt20.Mean > info.Metrics.Results["popular"].NdcgAt20.Mean);
        Assert.Equal(["itemItem", "model", "popular", "recentPopular"], info.Metrics.Results.Keys.Order(StringComparer.Ordinal));
        foreach (var set in info.Metrics.Results.Values)
        {
            Assert.Equal(["coverageAt20", "diversityAt20", "giniAt20", "hitRateAt20", "mapAt20", "mrrAt20", "noveltyAt20"],
                set.More.Keys.Order(StringComparer.Ordinal));
            Assert.InRange(set.RecallAt20.Mean, set.RecallAt20.Low, set.RecallAt20.High);
            Assert.Equal(info.Metrics.Users, set.Bands.Where(b => b.Of == "users").Sum(b => b.Count));
            Assert.Equal(["head", "middle", "tail"], set.Bands.Where(b => b.Of == "items").Select(b => b.Name));
        }

        var served = FoldInModel.Decode(info.Version, (await trainer.FactorStore.GetModelAsync(info.Version, Cancellation))!);

        // Factors of real users come with it, for the searches of large catalogues to be calibrated with.
        float[] sample = ModelPackage.Decode((await trainer.FactorStore.GetModelAsync(info.Version, Cancellation))!).SampleUsers;
        Assert.InRange(sample.Length / info.Rank, 1, Math.Min(info.Users, 400));
        Assert.All(sample.Chunk(info.Rank), factor => Assert.Contains(factor, f => f != 0));
        // user-0 is of circle 0 and has seen all of its items but 8 and 9.
        var scores = await ScoresAsync(trainer, served, "user-0");
        Assert.True(scores["item-0-8"] > scores.Where(s => s.Key.StartsWith("item-1", StringComparison.Ordinal)).Max(s => s.Value));
    }

    [Fact]
    public async Task An_event_after_the_release_is_folded_in_with_the_released_model()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        var info = await trainer.Training.RunAsync(Cancellation);
        await trainer.SendAsync(TrainerFixture.Event("newcomer", "item-1-3", s_start.AddDays(30)));

        var (version, factor, _) = (await trainer.ReadUserAsync(UserRef.User("newcomer")))!.Value;
        Assert.Equal(info!.Version, version);
        Assert.Equal(trainer.Options.Rank, factor.Length);
        var scores = await ScoresAsync(trainer, trainer.Released.Current!, "newcomer");
        Assert.True(scores["item-1-5"] > scores["item-0-5"]);
    }

    [Fact]
    public async Task The_same_events_train_the_same_bits_for_any_number_of_threads()
    {
        var packages = new List<byte[]>();
        foreach (int threads in new[] { 1, 2, 3 })
        {
            await using var trainer = await TrainerFixture.CreateAsync(o => o.Threads = threads);
            await trainer.SendAsync(TrainerFixture.Circles());
            var info = await trainer.Training.RunAsync(Cancellation);
            packages.Add((await trainer.Store.ReadModelAsync(info!.Version, Cancellation))!);
        }

        Assert.Equal(packages[0], packages[1]);
        Assert.Equal(packages[0], packages[2]);
    }

    [Fact]
    public async Task Any_kept_version_can_be_released_again_and_users_follow_it()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        var first = await trainer.Training.RunAsync(Cancellation);
        var second = await trainer.Training.RunAsync(Cancellation);
        Assert.Equal(second!.Version, await trainer.FactorStore.GetReleasedAsync(Cancellation));

        var back = await trainer.Reconciler.ReleaseAsync(first!.Version, Cancellation);
        await trainer.Folding.FoldInAllAsync(Cancellation);

        Assert.Equal(first.Version, back!.Version);
        Assert.Equal(first.Version, await trainer.FactorStore.GetReleasedAsync(Cancellation));
        Assert.Equal(first.Version, (await trainer.ReadUserAsync(UserRef.User("user-0")))!.Value.Version);
        Assert.Equal(ModelState.Retired, (await trainer.Store.GetModelAsync(second.Version, Cancellation))!.State);
    }

    [Fact]
    public async Task Only_so_many_models_are_kept()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o => o.KeepModels = 2);
        await trainer.SendAsync(TrainerFixture.Circles());
        var first = await trainer.Training.RunAsync(Cancellation);
        await trainer.Training.RunAsync(Cancellation);
        await trainer.Training.RunAsync(Cancellation);

        Assert.Null(await trainer.Store.ReadModelAsync(first!.Version, Cancellation));
        Assert.Null(await trainer.FactorStore.GetModelAsync(first.Version, Cancellation));
        Assert.Null(await trainer.Reconciler.ReleaseAsync(first.Version, Cancellation));
        Assert.NotNull(await trainer.Store.GetModelAsync(first.Version, Cancellation));
    }

    [Fact]
    public async Task Settings_that_predict_worse_than_those_in_service_are_rejected_and_stay_out_of_service()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        var good = await trainer.Training.RunAsync(Cancellation);
        await trainer.Store.PutSettingAsync(SettingsTuner.SettingsName, JsonDocument.Parse(new PopularitySettings().ToJson()).RootElement,
            Cancellation);
        var rejected = await trainer.Training.RunAsync(Cancellation);

        Assert.Equal(ModelState.Rejected, rejected!.State);
        Assert.StartsWith("Rejected", rejected.Reason);
        Assert.Equal(good!.Version, await trainer.FactorStore.GetReleasedAsync(Cancellation));
        Assert.NotNull(await trainer.Reconciler.ReleaseAsync(rejected.Version, Cancellation));
    }

    [Fact]
    public async Task A_search_for_settings_is_kept_and_used_by_the_next_training()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o =>
        {
            o.TuneMinimumEvents = 1;
            o.TuneBudgetSeconds = 0.5;
            o.TuneMaxRank = 16;
        });
        await trainer.SendAsync(TrainerFixture.Circles());
        var tuner = trainer.Tuner;
        Assert.NotNull(await tuner.DueAsync(320, null, Cancellation));
        Assert.True(await tuner.RunAsync(Cancellation));
        Assert.Null(await tuner.DueAsync(320, null, Cancellation));
        Assert.NotNull(await tuner.DueAsync(640, null, Cancellation));

        var info = await trainer.Training.RunAsync(Cancellation);
        var tuned = await trainer.Store.GetSettingAsync(SettingsTuner.SettingsName, Cancellation);
        var settings = LearnerSettings.FromJson(tuned!.Value.GetRawText());
        Assert.Equal(settings, LearnerSettings.FromJson(info!.Settings.GetRawText()));

        // The registry keeps what was tried, with the curves, and which of it is used.
        var search = (await trainer.Store.GetModelAsync(info.Version, Cancellation))!.Search!;
        Assert.Contains(search.Trials, t => LearnerSettings.FromJson(t.Settings.GetRawText()) == settings);
        Assert.Contains(search.Trials, t => t.Curve.Count > 1);
        Assert.True(search.Seconds > 0);
    }

    [Theory]
    [InlineData(200_000), InlineData(19)]
    public async Task The_search_adds_neighbours_where_the_catalogue_is_not_too_large_for_them(int itemsLimit)
    {
        await using var trainer = await TrainerFixture.CreateAsync(o =>
        {
            o.TuneBudgetSeconds = 0.5;
            o.TuneMaxRank = 16;
            o.TuneNeighbourhoodItemsLimit = itemsLimit;
        });
        await trainer.SendAsync(TrainerFixture.Circles()); // Twenty items.
        await trainer.Tuner.RunAsync(Cancellation);
        var state = TuningState.FromJson((await trainer.Store.GetSettingAsync("tuning", Cancellation))!.Value.GetRawText());
        Assert.Equal(itemsLimit > 20, state.Trials.Any(t => t.Settings is NeighbourhoodSettings));
        var chosen = LearnerSettings.FromJson(
            (await trainer.Store.GetSettingAsync(SettingsTuner.SettingsName, Cancellation))!.Value.GetRawText());
        Assert.IsNotType<NeighbourhoodSettings>(chosen);
    }

    [Fact]
    public async Task Settings_of_a_learner_that_this_build_does_not_have_are_ignored()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o =>
        {
            o.TuneBudgetSeconds = 0.1;
            o.TuneMaxRank = 16;
        });
        await trainer.SendAsync(TrainerFixture.Circles());
        using var settings = JsonDocument.Parse("""{"learner":"of another build","rank":8}""");
        using var search = JsonDocument.Parse(
            """{"data":"","trials":[{"number":1,"stage":"coarse","asked":{"learner":"of another build"},"settings":{"learner":"of another build"},"score":1}]}""");
        await trainer.Store.PutSettingAsync(SettingsTuner.SettingsName, settings.RootElement, Cancellation);
        await trainer.Store.PutSettingAsync("tuning", search.RootElement, Cancellation);
        Assert.Equal(IalsModel.Name, (await trainer.Training.RunAsync(Cancellation))!.Learner);

        Assert.True(await trainer.Tuner.RunAsync(Cancellation));
        var chosen = LearnerSettings.FromJson(
            (await trainer.Store.GetSettingAsync(SettingsTuner.SettingsName, Cancellation))!.Value.GetRawText());
        Assert.Equal(LearnerRegistry.NameOf(chosen), (await trainer.Training.RunAsync(Cancellation))!.Learner);
    }

    [Fact]
    public async Task A_model_with_neighbours_is_judged_released_and_pushed_with_them()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        var settings = new HybridSettings
        {
            Factors = new IalsSettings { Rank = 8 },
            Neighbourhood = new NeighbourhoodSettings { Neighbours = 5 }
        };
        await trainer.Store.PutSettingAsync(SettingsTuner.SettingsName, JsonDocument.Parse(settings.ToJson()).RootElement, Cancellation);
        var info = await trainer.Training.RunAsync(Cancellation);
        Assert.Equal(ModelState.Released, (await trainer.Store.GetModelAsync(info!.Version, Cancellation))!.State);
        var served = FoldInModel.Decode(info.Version, (await trainer.FactorStore.GetModelAsync(info.Version, Cancellation))!);
        Assert.Equal(20 * 5, served.Model.Neighbours!.Count);
    }

    [Fact]
    public async Task A_new_item_has_a_factor_at_once_and_another_as_events_on_it_come()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        string[] words = ["red wool scarf", "steel camping stove"];
        await trainer.SendAsync(
            [.. from circle in new[] { 0, 1 } from n in Enumerable.Range(0, 10) select Put($"item-{circle}-{n}", $"{words[circle]} {n}")]);
        await trainer.SendAsync(TrainerFixture.Circles());
        await trainer.Training.RunAsync(Cancellation);
        await trainer.Folding.FoldInAllAsync(Cancellation);
        await trainer.Placer.StartAsync(Cancellation);

        await trainer.SendAsync(Put("new", "blue wool scarf"));
        await Eventually.TrueAsync(async () => await FactorAsync() is not null);
        Assert.Equal(trainer.Released.Current!.Version, (await FactorAsync())!.ModelVersion);
        Assert.IsType<CatalogueChanged>(trainer.Notices.Sent[^1]);
        float fromContent = await ScoreAsync("user-0") - await ScoreAsync("user-1");
        Assert.True(fromContent > .05f, $"{fromContent}");

        // It turns out that the other circle buys it.
        await trainer.SendAsync([.. Enumerable.Range(0, 20)
            .Select(n => TrainerFixture.Event($"user-{2 * n + 1}", "new", s_start.AddDays(20)))]);
        await Eventually.TrueAsync(async () => await ScoreAsync("user-0") < await ScoreAsync("user-1"));

        // What the model was trained with keeps the factor it has there.
        await trainer.SendAsync(Put("item-0-3", "steel camping stove"));
        await trainer.SendAsync(Put("last", "blue wool scarf"));
        await Eventually.TrueAsync(async () => (await ItemAsync("last")).Factor is not null);
        Assert.Null((await ItemAsync("item-0-3")).Factor);

        // Factors are of one model: after a release, forward or back, items it does not know get others.
        long first = trainer.Released.Current.Version;
        var second = await trainer.Training.RunAsync(Cancellation);
        await trainer.Reconciler.ReleaseAsync(second!.Version, Cancellation);
        await Eventually.TrueAsync(async () => (await ItemAsync("last")).Factor!.ModelVersion == second.Version);
        await trainer.Reconciler.ReleaseAsync(first, Cancellation);
        await Eventually.TrueAsync(async () => (await ItemAsync("last")).Factor!.ModelVersion == first);
        await trainer.Placer.StopAsync(Cancellation);

        static Command Put(string id, string title) =>
            new() { Kind = CommandKind.PutItem, AcceptedAt = s_start, Item = new Item { ItemId = id, Title = title } };
        async Task<ItemRecord> ItemAsync(string id) =>
            (await trainer.FactorStore.ReadItemChangesAsync(0, 1000, Cancellation)).Items.Single(i => i.ItemId == id);
        async Task<ItemFactor?> FactorAsync() => (await ItemAsync("new")).Factor;
        async Task<float> ScoreAsync(string user)
        {
            var factor = (await FactorAsync())!.Values;
            var taste = (await trainer.ReadUserAsync(UserRef.User(user)))!.Value.Factor;
            return Dot(factor.Span, taste);
        }
    }

    [Fact]
    public async Task Without_content_a_new_item_is_placed_by_its_events_alone()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o => o.ContentFeaturesLimit = 0);
        await trainer.SendAsync(TrainerFixture.Circles());
        await trainer.Training.RunAsync(Cancellation);
        await trainer.SendAsync(new Command
        {
            Kind = CommandKind.PutItem,
            AcceptedAt = s_start,
            Item = new Item { ItemId = "new", Title = "item" }
        });
        await trainer.Placer.PlaceAllAsync(Cancellation);
        async Task<ItemFactor?> FactorAsync() =>
            (await trainer.FactorStore.ReadItemChangesAsync(0, 1000, Cancellation)).Items.Single(i => i.ItemId == "new").Factor;
        Assert.Null(await FactorAsync());
        await trainer.SendAsync(TrainerFixture.Event("user-1", "new", s_start.AddDays(20)));
        await trainer.Placer.PlaceAllAsync(Cancellation);
        Assert.NotNull(await FactorAsync());
    }

    [Fact]
    public async Task Drift_is_measured_from_model_to_model_and_asks_for_other_settings()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o => o.TuneMinimumEvents = 1);
        await trainer.SendAsync(TrainerFixture.Circles());
        var first = await trainer.Training.RunAsync(Cancellation);
        Assert.Null(first!.Drift);
        long events = (await trainer.Store.GetStatusAsync(Cancellation)).Events;
        await trainer.Store.PutSettingAsync("tuned-events", JsonSerializer.SerializeToElement(events), Cancellation);

        // More of the same is no drift.
        await trainer.SendAsync([.. Enumerable.Range(0, 100)
            .Select(n => TrainerFixture.Event($"user-{n % 40}", $"item-{n % 2}-{n / 2 % 10}", s_start.AddDays(30).AddMinutes(n)))]);
        var same = await trainer.Training.RunAsync(Cancellation);
        Assert.Equal((first.Version, 100), (same!.Drift!.SinceVersion, same.Drift.NewEvents));
        Assert.InRange(same.Drift.Items, 0, .25);
        Assert.Equal(0, same.Drift.Types);
        Assert.InRange(same.Drift.Factors!.Value, 0, .6);
        Assert.Null(await trainer.Tuner.DueAsync(events + 100, same, Cancellation));

        // Other items, consumed in another way, are.
        await trainer.SendAsync([.. Enumerable.Range(0, 100)
            .Select(n => TrainerFixture.Event($"user-{n % 40}", $"fashion-{n % 5}", s_start.AddDays(60).AddMinutes(n), "purchase"))]);
        var moved = await trainer.Training.RunAsync(Cancellation);
        Assert.InRange(moved!.Drift!.Items, .8, 1);
        Assert.InRange(moved.Drift.Types, .8, 1);
        Assert.Equal(moved.Drift, (await trainer.Store.GetModelAsync(moved.Version, Cancellation))!.Drift);
        Assert.Contains("drifted", await trainer.Tuner.DueAsync(events + 200, moved, Cancellation));
        trainer.Options.TuneAfterDrift = 1;
        Assert.Null(await trainer.Tuner.DueAsync(events + 200, moved, Cancellation));
    }

    [Fact]
    public async Task A_search_that_was_killed_goes_on_by_itself_where_it_stopped()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o =>
        {
            o.TuneBudgetSeconds = 3;
            o.TuneMaxRank = 16;
            o.CheckEverySeconds = .05;
            o.MinimumEvents = 1_000_000;
        });
        await trainer.SendAsync(TrainerFixture.Circles());
        await trainer.Training.RunAsync(Cancellation);
        using var kill = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var killed = trainer.Tuner.RunAsync(kill.Token);
        await Eventually.TrueAsync(async () => await StateAsync() is { Trials.Count: >= 5 });
        await kill.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => killed);
        var before = (await StateAsync())!;
        Assert.Null(await trainer.Store.GetSettingAsync(SettingsTuner.SettingsName, Cancellation));

        // Meanwhile events came, which the search must not start over for. A new process finds it unfinished.
        await trainer.SendAsync(TrainerFixture.Event("user-1", "item-1-9", s_start.AddDays(30)));
        trainer.Options.TuneBudgetSeconds = 1;
        using var worker = new TrainingWorker(trainer.Store, trainer.Training, trainer.Tuner, trainer.DeadLetters, new Progress(),
            trainer.Options, TrainerFixture.Pipelines, TimeProvider.System, NullLogger<TrainingWorker>.Instance);
        await worker.StartAsync(Cancellation);
        await Eventually.TrueAsync(async () => (await trainer.Store.ListModelsAsync(1, Cancellation))[0] is
        {
            Version: 2,
            Search: not null
        });
        await worker.StopAsync(Cancellation);

        var after = (await StateAsync())!;
        Assert.True(after.Trials.Count >= before.Trials.Count);
        Assert.Equal(before.Trials.Select(t => (t.Number, t.Score, t.Seconds)),
            after.Trials.Take(before.Trials.Count).Select(t => (t.Number, t.Score, t.Seconds)));
        Assert.Equal(after.Trials.Count, after.Trials.Select(t => t.Asked.ToJson()).Distinct().Count());
        Assert.False(await trainer.Tuner.IsUnfinishedAsync(Cancellation));

        async Task<TuningState?> StateAsync() =>
            await trainer.Store.GetSettingAsync("tuning", Cancellation) is { } saved ? TuningState.FromJson(saved.GetRawText()) : null;
    }

    [Fact]
    public async Task Nothing_is_trained_from_nothing()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        Assert.Null(await trainer.Training.RunAsync(Cancellation));
    }

    [Fact]
    public async Task An_emptied_factor_store_is_filled_again_from_the_store()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(new Command
        {
            Kind = CommandKind.PutItem,
            AcceptedAt = s_start,
            Item = new Item { ItemId = "item-0-0", Title = "First" }
        });
        await trainer.SendAsync(TrainerFixture.Circles());
        var info = await trainer.Training.RunAsync(Cancellation);

        await trainer.Folding.FoldInAllAsync(Cancellation);

        // Another trainer over the same store, with an empty factor store: as after FLUSHALL.
        var emptied = new InProcessFactorStore();
        var released = new ReleasedModel(trainer.Store);
        var folding = new Folding(trainer.Store, emptied, released, TrainerFixture.Weights, trainer.Options);
        var (reconciler, refolder) = trainer.NewReconciler(emptied, released, folding);
        using var _ = reconciler;
        using var __ = refolder;
        await reconciler.StartAsync(Cancellation);
        await refolder.StartAsync(Cancellation);
        await Eventually.TrueAsync(async () => await emptied.GetGenerationAsync(Cancellation) is not null);
        await reconciler.StopAsync(Cancellation);
        await refolder.StopAsync(Cancellation);

        Assert.Equal(info!.Version, await emptied.GetReleasedAsync(Cancellation));
        Assert.Equal(await trainer.FactorStore.GetModelAsync(info.Version, Cancellation),
            await emptied.GetModelAsync(info.Version, Cancellation));
        var items = (await emptied.ReadItemChangesAsync(0, 1000, Cancellation)).Items;
        Assert.Equal(20, items.Count);
        Assert.Equal("First", items.Single(i => i.ItemId == "item-0-0").Item!.Title);
        Assert.Equal(await trainer.FactorStore.GetUserAsync(UserRef.User("user-3")), await emptied.GetUserAsync(UserRef.User("user-3")));
    }

    [Fact]
    public async Task A_patch_changes_what_it_names_and_a_failing_one_is_dead()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        var dead = await trainer.SendAsync(
            new Command
            {
                Kind = CommandKind.PutItem,
                AcceptedAt = s_start,
                Item = new Item { ItemId = "i", Title = "Old", Tags = ["kept"] }
            },
            new Command
            {
                Kind = CommandKind.PatchItem,
                AcceptedAt = s_start,
                ItemId = "i",
                Patch = JsonDocument.Parse("""{"title":"New"}""").RootElement
            },
            new Command
            {
                Kind = CommandKind.PatchItem,
                AcceptedAt = s_start,
                ItemId = "i",
                Patch = JsonDocument.Parse("""{"tags":7}""").RootElement
            });

        Assert.Single(dead);
        var item = Assert.Single((await trainer.FactorStore.ReadItemChangesAsync(0, 10, Cancellation)).Items);
        Assert.Equal("New", item.Item!.Title);
        Assert.Equal(["kept"], item.Item.Tags);
    }

    [Fact]
    public async Task Merging_a_session_moves_its_events_to_the_user()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("u", "a", s_start),
            TrainerFixture.Event("u", "b", s_start) with { UserId = null, SessionId = "s", EventId = "e2" });
        await trainer.SendAsync(new Command { Kind = CommandKind.MergeSession, AcceptedAt = s_start, UserId = "u", SessionId = "s" });

        Assert.Equal(2, (await trainer.ReadUserAsync(UserRef.User("u")))!.Value.History.Length);
        Assert.Null(await trainer.ReadUserAsync(UserRef.Session("s")));
    }

    [Fact]
    public async Task An_erased_user_leaves_nothing_and_their_late_events_are_dropped()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("u", "a", s_start));
        await trainer.SendAsync(new Command
        {
            Kind = CommandKind.EraseUser,
            AcceptedAt = s_start.AddDays(1),
            UserId = "u",
            ErasureId = "r"
        });
        await trainer.SendAsync(TrainerFixture.Event("u", "late", s_start.AddHours(1)));

        Assert.Null(await trainer.ReadUserAsync(UserRef.User("u")));
        Assert.Null(await trainer.Store.ExportUserAsync("u", Cancellation));
        Assert.Equal(1, trainer.Progress.Dropped);
        var receipt = await trainer.Store.GetErasureAsync("r", Cancellation);
        Assert.Equal(1, receipt!.EventsRemoved);
        Assert.Contains("factorStore", receipt.Stages.Keys);

        await trainer.SendAsync(TrainerFixture.Circles());
        var without = await trainer.Training.RunAsync(Cancellation);
        Assert.Equal(without!.Version, (await trainer.Store.GetErasureAsync("r", Cancellation))!.ModelVersion);
    }

    private static async Task<Dictionary<string, float>> ScoresAsync(TrainerFixture trainer, FoldInModel served, string userId)
    {
        var factor = (await trainer.ReadUserAsync(UserRef.User(userId)))!.Value.Factor;
        if (factor.Length == 0) factor = served.FoldIn((await trainer.ReadUserAsync(UserRef.User(userId)))!.Value.History);
        var ids = (await trainer.Store.ReadCatalogueAsync(0, 1000, Cancellation)).ToDictionary(e => e.ItemKey, e => e.ItemId);
        return Enumerable.Range(0, served.Model.ItemCount).ToDictionary(
            i => ids[served.ItemKeys[i]],
            i => Dot(served.Model.ItemFactors.Span.Slice(i * served.Model.Rank, served.Model.Rank), factor));
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
