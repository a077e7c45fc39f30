using System.Security.Cryptography;
using System.Text.Json;
using Recommender.Factorization.Events;
using Recommender.Factorization.Sessions.Baskets;
using Recommender.Factorization.Sessions.Pairs;
using Recommender.Factorization.Sessions.Transitions;
using Recommender.Storage;
using Recommender.Storage.Events;

namespace Recommender.Trainer.Transitions;

/// <summary>How events become transitions: settings of rows and pairs, and what an event counts.</summary>
public sealed class TransitionPolicy(IStore store, EventWeights weights, TrainerOptions options)
{
    private const float WeightLimit = 1e6f;

    private EventTypeSettings[] _types = [];
    private bool[] _purchases = [];

    public bool IsOff => options.TransitionItemsLimit == 0;

    public TransitionSettings Table { get; } = new()
    {
        RowLength = options.TransitionRowLength,
        HalfLifeMs = (long)TimeSpan.FromHours(options.TransitionHalfLifeHours).TotalMilliseconds,
        // The sixth newest item would count a thirty-sixth of the newest, and cost an answer as much.
        HistoryLength = 5,
        PositionPower = 2,
    };

    public SessionPairSettings Pairs { get; } = new() { GapMs = (long)TimeSpan.FromMinutes(options.SessionGapMinutes).TotalMilliseconds };

    public BasketSettings Baskets { get; } = new() { GapMs = (long)TimeSpan.FromMinutes(options.SessionGapMinutes).TotalMilliseconds };

    /// <summary>Names these rules: rows counted by rules of another name have to be counted again.</summary>
    public string Fingerprint => _fingerprint ??= Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
        new { Version = 2, Table, Pairs, Baskets, options.TransitionItemsLimit, Types = weights.ToJson() })))[..16];

    private string? _fingerprint;

    /// <summary>Learns the types of these events where they are new.</summary>
    public async ValueTask LearnTypesAsync(IReadOnlyList<SequencedEvent> events, CancellationToken cancellationToken)
    {
        int highest = -1;
        foreach (var stored in events) highest = Math.Max(highest, stored.TypeId);
        if (highest < _types.Length) return;
        var names = await store.GetEventTypesAsync(cancellationToken);
        _purchases = [.. names.Select(weights.IsPurchase)];
        _types = [.. names.Select(name => weights[name])];
    }

    public TransitionTables CreateTables() => new(Table, Baskets.Rows);

    /// <summary>Whether an event that counts belongs to a basket.</summary>
    public bool IsPurchase(in SequencedEvent stored) => _purchases[stored.TypeId];

    /// <summary>The event as its session counts it; null if it counts nothing.</summary>
    public SessionEvent? ToSessionEvent(in SequencedEvent stored)
    {
        if (stored.ItemKey > options.TransitionItemsLimit) return null;
        var preference = EventWeights.Of(_types[stored.TypeId], stored.Value, ageDays: 0);
        if (!preference.IsPositive) return null;
        return new SessionEvent(stored.OccurredAtMs, stored.Sequence, stored.ItemKey, (float)Math.Min(preference.Weight, WeightLimit));
    }
}
