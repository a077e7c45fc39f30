using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Polly.Registry;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Events;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Resilience;
using Recommender.Storage;
using Recommender.Storage.Events;
using Recommender.TestKit;
using Recommender.Trainer.Erasing;
using Recommender.Trainer.Events;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Mixing;
using Recommender.Trainer.Releasing;
using Recommender.Trainer.Status;
using Recommender.Trainer.Tests.Erasing;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Tests;

/// <summary>The Trainer's parts on a real embedded store and factor store, without a host: tests call the handlers themselves.</summary>
internal sealed class TrainerFixture : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly TimeProvider _clock;

    private TrainerFixture(TempFolder folder, IStore store, IFactorStore factorStore, TrainerOptions options, TimeProvider clock)
    {
        FactorStore = factorStore;
        this._folder = folder;
        Store = store;
        Options = options;
        Released = new(store);
        Folding = new(store, FactorStore, Released, Weights, options);
        Placer = new(
            store, FactorStore, Released, Weights, Notices, options, Pipelines, TimeProvider.System, NullLogger<ItemPlacer>.Instance);
        Reconciler = NewReconciler(FactorStore, Released, Folding).Reconciler;
        Transitions = NewFollower();
        OtherTransitions = NewFollower();
        Interactions = NewInteractions(FactorStore, Transitions, Folding, Progress);
        Other = NewInteractions(FactorStore, OtherTransitions, new Folding(store, FactorStore, Released, Weights, options), new Progress());
        Commands = new(new NoStreams(), store, FactorStore, Folding, Transitions, Placer, Notices, options);
        _clock = clock;
        ErasureBus = NewErasureBus();
        Notices.Erasures = ErasureBus;
        Erasures = new(store, Notices, Pipelines, clock, NullLogger<ErasureWorker>.Instance);
        Tuner = new(store, Weights, Progress, options, NullLogger<SettingsTuner>.Instance);
        Policy = new(store, Weights, options);
        Mixes = new(store, FactorStore, Policy);
        Decider = new(store, Policy, Weights, options, NullLogger<MixDecider>.Instance);
        SessionTraining = new(Decider, Policy, Progress, options, NullLogger<SessionTraining>.Instance);
        Training = new(store, FactorStore, Reconciler, Tuner, new DriftMeter(store), SessionTraining, Mixes, Weights, Progress, options,
            TimeProvider.System, NullLogger<Training>.Instance);
    }

    public static EventWeights Weights { get; } = EventWeights.Create();

    public static ResiliencePipelineProvider<string> Pipelines { get; } = new ServiceCollection().AddResiliencePipelines()
        .BuildServiceProvider().GetRequiredService<ResiliencePipelineProvider<string>>();

    public IStore Store { get; }
    public TrainerOptions Options { get; }
    public IFactorStore FactorStore { get; }
    public Progress Progress { get; } = new();
    public RecordedNotices Notices { get; } = new();
    public KeptDeadLetters DeadLetters { get; } = new();
    public ReleasedModel Released { get; }
    public Folding Folding { get; }
    public ItemPlacer Placer { get; }
    public Reconciler Reconciler { get; }
    public TransitionPolicy Policy { get; }
    public ScoreMixes Mixes { get; }
    public SessionTraining SessionTraining { get; }
    public MixDecider Decider { get; }
    public TransitionFollower Transitions { get; }
    public TransitionFollower OtherTransitions { get; }
    public InteractionWorker Interactions { get; }

    /// <summary>The event path of a second instance over the same stores.</summary>
    public InteractionWorker Other { get; }
    public CommandWorker Commands { get; }
    public Training Training { get; }
    public ErasureBus ErasureBus { get; }
    public ErasureWorker Erasures { get; }
    public SettingsTuner Tuner { get; }

    /// <param name="postgres">Connection string of an empty database; without one the store is embedded.</param>
    public static async Task<TrainerFixture> CreateAsync(Action<TrainerOptions>? configure = null, string? postgres = null,
        TimeProvider? clock = null, IFactorStore? factorStore = null)
    {
        var options = new TrainerOptions { Rank = 8, Threads = 2, TransitionItemsLimit = 1_000_000 };
        configure?.Invoke(options);
        var folder = new TempFolder();
        var store = Stores.Open(postgres, Path.Combine(folder.Path, "store.db"), new StatisticsSettings { Weights = Weights });
        await store.MigrateAsync(TestContext.Current.CancellationToken);
        return new(folder, store, factorStore ?? new InProcessFactorStore(), options, clock ?? TimeProvider.System);
    }

    /// <summary>Transitions of another instance, or of this one after a restart, over the same stores.</summary>
    public TransitionFollower NewFollower(IFactorStore? factorStore = null, IStore? store = null)
    {
        var rules = new TransitionPolicy(store ?? Store, Weights, Options);
        return new(store ?? Store, factorStore ?? FactorStore, rules,
            new TransitionCounter(store ?? Store, rules, NullLogger<TransitionCounter>.Instance), Options,
            NullLogger<TransitionFollower>.Instance);
    }

    public InteractionWorker NewInteractions(IFactorStore factorStore, TransitionFollower transitions, Folding folding,
        Progress progress) =>
        new(new NoStreams(), Store, factorStore, folding, transitions, Placer, Weights, progress, Options, TimeProvider.System,
            NullLogger<InteractionWorker>.Instance);

    /// <summary>Events as a message, through the handler.</summary>
    public Task<IReadOnlyList<DeadMessage>> SendAsync(params Interaction[] events) =>
        Interactions.HandleAsync([Message(JsonSerializer.SerializeToUtf8Bytes(events, ContractsJson.Default.InteractionArray))],
        TestContext.Current.CancellationToken);

    /// <summary>Two messages at once, each to an instance of its own.</summary>
    public Task SendAsync(Interaction[] one, Interaction[] other) =>
        Task.WhenAll(SendAsync(one), Other.HandleAsync(
        [Message(JsonSerializer.SerializeToUtf8Bytes(other, ContractsJson.Default.InteractionArray))],
            TestContext.Current.CancellationToken));

    public Task<IReadOnlyList<DeadMessage>> SendAsync(params Command[] commands) =>
        Commands.HandleAsync([Message(JsonSerializer.SerializeToUtf8Bytes(commands, ContractsJson.Default.CommandArray))],
        TestContext.Current.CancellationToken);

    /// <summary>The saga of another Trainer, or of this one after a restart, over the same stores.</summary>
    public ErasureBus NewErasureBus(IFactorStore? factorStore = null) =>
        new(new ErasureSteps(Store, factorStore ?? FactorStore, DeadLetters, Notices,
            factorStore is null ? Transitions : NewFollower(factorStore), Progress, Options, _clock,
        NullLogger<ErasureSteps>.Instance), new ErasureRepository(Store, NullLogger<ErasureRepository>.Instance));

    /// <summary>A reconciler over the store and another factor store, with the refolder it asks.</summary>
    public (Reconciler Reconciler, Refolder Refolder) NewReconciler(IFactorStore factorStore, ReleasedModel released, Folding folding)
    {
        var refolder = new Refolder(factorStore, folding, Pipelines, TimeProvider.System, NullLogger<Refolder>.Instance);
        return (new(Store, factorStore, released, folding, refolder, Placer, Notices, Options, Pipelines, TimeProvider.System,
            NullLogger<Reconciler>.Instance), refolder);
    }

    public static Delivery Message(byte[] body) => new(body, [], false);

    public async Task<(long Version, float[] Factor, HistoryRecord[] History)?> ReadUserAsync(UserRef user)
    {
        if (await FactorStore.GetUserAsync(user) is not { } bytes) return null;
        Assert.True(UserStateView.TryRead(bytes, out var view));
        return (view.ModelVersion, view.Factor.ToArray(), view.History.ToArray());
    }

    /// <summary>
    /// A shop of two circles of users who buy within their circle's items only: whoever bought some of a circle wants the rest of it.
    /// </summary>
    public static Interaction[] Circles(int usersPerCircle = 20, int itemsPerCircle = 10)
    {
        var events = new List<Interaction>();
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (int n = 0; n < itemsPerCircle - 2; n++)
        {
            for (int user = 0; user < usersPerCircle * 2; user++)
            {
                int circle = user % 2, item = (user / 2 + n) % itemsPerCircle;
                events.Add(Event($"user-{user}", $"item-{circle}-{item}", start.AddMinutes(n * 100 + user)));
            }
        }

        return [.. events];
    }

    /// <summary>Sessions of six views, each of the item after the one before; a session starts anywhere.</summary>
    public static Interaction[] Chains(int first, int sessions, int items = 30)
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return
        [
            .. Enumerable.Range(first, sessions).SelectMany(s => Enumerable.Range(0, 6).Select(n =>
                Event($"visitor-{s}", $"item-{((s * 7) + n) % items:00}", start.AddMinutes((s * 60) + n)))),
        ];
    }

    public static Interaction Event(string userId, string itemId, DateTimeOffset at, string type = "view") => new()
    {
        EventId = $"{userId}/{itemId}/{type}/{at.ToUnixTimeMilliseconds()}",
        UserId = userId,
        ItemId = itemId,
        Type = type,
        OccurredAt = at,
    };

    public async ValueTask DisposeAsync()
    {
        Erasures.Dispose();
        await ErasureBus.DisposeAsync();
        Transitions.Dispose();
        OtherTransitions.Dispose();
        await Store.DisposeAsync();
        _folder.Dispose();
    }

    private sealed class NoStreams : IStreamConsumer
    {
        public Task RunAsync(string stream, int maxBatchBytes, StreamHandler handler, CancellationToken cancellationToken) =>
            Task.CompletedTask;
    }
}
