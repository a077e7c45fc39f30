using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Judging;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Storage;
using Recommender.Storage.Events;
using Recommender.Trainer.Events;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Mixing;

/// <summary>
/// Chooses the score mix by a replay of the newest stored events in event time. It takes no clock: the same events and the same model give
/// the same weights.
/// </summary>
public sealed class MixDecider(
    IStore store, TransitionPolicy policy, EventWeights weights, TrainerOptions options, ILogger<MixDecider> logger)
{
    /// <summary>The newest events that are replayed.</summary>
    public const int EventsReplayed = 200_000;

    /// <summary>With fewer questions there is no choice.</summary>
    public const int QuestionsAtLeast = 100;

    private const int PageEvents = 20_000;

    /// <summary>Bounds the cost of all questions of a kind: each scores all items.</summary>
    private const int ScoresAtMost = 200_000_000;

    /// <summary>Weights without a choice: new items can be found by what they are seen with, and the model decides the rest.</summary>
    public static SessionWeights Fixed { get; } = ServedWeights.ModelAlone with { Rules = 1 };

    /// <summary>
    /// The mix as of an event. A kind of request with too few questions has the weights of the other kind; if both have too few, the result
    /// is null.
    /// </summary>
    /// <param name="model">Not trained on the events that are asked about.</param>
    /// <param name="number">Sequence of the event.</param>
    public async Task<MixDecision?> DecideAsync(MixedModel model, long number, Func<SequencedEvent, bool> isAsked,
        CancellationToken cancellationToken)
    {
        var events = await ReadAsync(number, cancellationToken);
        await policy.LearnTypesAsync(events, cancellationToken);
        var typeNames = await store.GetEventTypesAsync(cancellationToken);
        var histories = new HistoryBuilder(model.Model.Weights ?? weights, typeNames, options.HistoryItemsLimit);
        var replay = new MixReplay(model, policy, histories, new SessionReplaySettings
        {
            Table = policy.Table,
            Pairs = policy.Pairs,
            Search = new SessionSearchOptions
            {
                Repeats = false,
                MaxCases = QuestionsAtMost(model.Model.ItemKeys.Length),
                Threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads,
            },
        });
        foreach (var stored in events)
        {
            cancellationToken.ThrowIfCancellationRequested();
            replay.Follow(stored, isAsked(stored));
        }

        var known = Choose(replay.Known, cancellationToken);
        var anonymous = Choose(replay.Anonymous, cancellationToken);
        if ((known ?? anonymous) is not { } either)
        {
            logger.MixNotChosen(number, Math.Max(replay.Known.CaseCount, replay.Anonymous.CaseCount), QuestionsAtLeast);
            return null;
        }

        var mix = new ScoreMix
        {
            Number = number,
            Rules = policy.Fingerprint,
            Transitions = policy.Table,
            Known = (known ?? either).Weights,
            Anonymous = (anonymous ?? either).Weights,
            Mixed = (known ?? either).Weights,
        };
        logger.MixChosen(number, mix.Known, mix.Anonymous);
        return new MixDecision(mix, StatusOf(mix, known, anonymous));
    }

    /// <summary>A mix as <c>GET /v1/status</c> shows it.</summary>
    public static ScoreMixStatus StatusOf(ScoreMix mix, ServedWeights? known = null, ServedWeights? anonymous = null) => new()
    {
        Number = mix.Number,
        Kinds = new Dictionary<string, ScoreMixKind>
        {
            ["known"] = KindOf(mix.Known, known),
            ["anonymous"] = KindOf(mix.Anonymous, anonymous),
        },
    };

    /// <summary>Questions that are judged for each kind of request, evenly chosen.</summary>
    private static int QuestionsAtMost(int items) => Math.Clamp(ScoresAtMost / Math.Max(items, 1), 500, 4_000);

    private static ServedWeights? Choose(SessionReplay replay, CancellationToken cancellationToken) =>
        replay.CaseCount < QuestionsAtLeast ? null : replay.ChooseServed(cancellationToken);

    private static ScoreMixKind KindOf(SessionWeights weights, ServedWeights? served)
    {
        var all = new Dictionary<string, double>
        {
            ["model"] = weights.Model,
            ["encoder"] = weights.Encoder,
            ["rules"] = weights.Rules,
            ["recentHours"] = weights.RecentHours,
            ["recentDay"] = weights.RecentDay,
            ["recentWeek"] = weights.RecentWeek,
            ["repeatNewest"] = weights.RepeatNewest,
            ["repeatOlder"] = weights.RepeatOlder,
        };
        return new ScoreMixKind
        {
            Weights = all.Where(weight => weight.Value != 0).ToDictionary(),
            Questions = served?.Mix.Cases ?? 0,
            Results = served is null ? [] : new Dictionary<string, NextItemMetrics>
            {
                ["model"] = MetricsOf(served.Model),
                ["rules"] = MetricsOf(served.Rules),
                ["mix"] = MetricsOf(served.Mix),
            },
        };
    }

    private static NextItemMetrics MetricsOf(NextItemResult result) => new(result.HitRate, result.Mrr);

    /// <summary>The newest events up to a sequence, ordered by (occurredAt, sequence).</summary>
    private async Task<List<SequencedEvent>> ReadAsync(long upToSequence, CancellationToken cancellationToken)
    {
        var events = new List<SequencedEvent>();
        for (long after = Math.Max(upToSequence - EventsReplayed, 0); after < upToSequence;)
        {
            var page = await store.ReadEventsAsync(after, upToSequence, PageEvents, cancellationToken);
            events.AddRange(page);
            if (page.Count < PageEvents) break;
            after = page[^1].Sequence;
        }

        events.Sort(static (a, b) => a.OccurredAtMs != b.OccurredAtMs ? a.OccurredAtMs.CompareTo(b.OccurredAtMs)
            : a.Sequence.CompareTo(b.Sequence));
        return events;
    }
}
