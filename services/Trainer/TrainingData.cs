using Recommender.Factorization;
using Recommender.Factorization.Judging;
using Recommender.Storage;

namespace Recommender.Trainer;

/// <summary>
/// The stored events as learning takes them: dense indexes for users and items, rows of items in ordinal order of their ids, events oldest first.
/// </summary>
public sealed class TrainingData : ITimedInteractions
{
    private readonly InteractionLog log;
    private readonly EventTypeSettings[] types;
    private readonly int[] userIndexes;
    private readonly int[] itemIndexes;

    private TrainingData(InteractionLog log, EventTypeSettings[] types, int[] userIndexes, int[] itemIndexes, int users, int[] itemKeys, ItemText?[] texts)
    {
        Texts = texts;
        this.log = log;
        this.types = types;
        this.userIndexes = userIndexes;
        this.itemIndexes = itemIndexes;
        Users = users;
        ItemKeys = itemKeys;
    }

    public int Users { get; }
    public int Items => ItemKeys.Length;

    /// <summary>The store's key of each row.</summary>
    public int[] ItemKeys { get; }

    /// <summary>What the catalogue says of the item of each row; null where it is known from events alone.</summary>
    public IReadOnlyList<ItemText?> Texts { get; }

    public int Events => log.Count;

    /// <summary>Every event up to a sequence, on items that are not deleted.</summary>
    public static async Task<TrainingData> ReadAsync(IStore store, long upToSequence, EventWeights weights, CancellationToken cancellationToken)
    {
        var log = await store.ReadInteractionsAsync(upToSequence, cancellationToken);
        var (ids, texts) = await ReadItemsAsync(store, cancellationToken);
        return Build(log, ids, await store.GetEventTypesAsync(cancellationToken), weights, texts);
    }

    private static async Task<(Dictionary<int, string> Ids, Dictionary<int, ItemText> Texts)> ReadItemsAsync(IStore store, CancellationToken cancellationToken)
    {
        const int PageItems = 10_000;
        var ids = new Dictionary<int, string>();
        var texts = new Dictionary<int, ItemText>();
        for (int after = 0; ;)
        {
            var entries = await store.ReadCatalogueAsync(after, PageItems, cancellationToken);
            if (entries.Count == 0) return (ids, texts);
            foreach (var entry in entries)
            {
                if (entry.Deleted) continue;
                ids[entry.ItemKey] = entry.ItemId;
                if (ItemTexts.Of(entry.Item) is { } text) texts[entry.ItemKey] = text;
            }

            after = entries[^1].ItemKey;
        }
    }

    /// <param name="itemIds">External id by item key, of every item that may be recommended; items that are missing here are left out with their events.</param>
    /// <param name="typeNames">Names by <see cref="StoredEvent.TypeId"/>.</param>
    public static TrainingData Build(InteractionLog log, IReadOnlyDictionary<int, string> itemIds, IReadOnlyList<string> typeNames, EventWeights weights, IReadOnlyDictionary<int, ItemText>? texts = null)
    {
        var types = typeNames.Select(name => weights[name]).ToArray();
        var itemKeys = log.ItemKeys.Distinct().Where(itemIds.ContainsKey).ToArray();
        Array.Sort(itemKeys, (a, b) => string.CompareOrdinal(itemIds[a], itemIds[b]));
        var indexOfItem = new Dictionary<int, int>(itemKeys.Length);
        for (int i = 0; i < itemKeys.Length; i++) indexOfItem[itemKeys[i]] = i;

        var indexOfUser = new Dictionary<int, int>();
        var userIndexes = new int[log.Count];
        var itemIndexes = new int[log.Count];
        for (int e = 0; e < log.Count; e++)
        {
            itemIndexes[e] = indexOfItem.GetValueOrDefault(log.ItemKeys[e], -1);
            if (!indexOfUser.TryGetValue(log.UserKeys[e], out userIndexes[e]))
                indexOfUser[log.UserKeys[e]] = userIndexes[e] = indexOfUser.Count;
        }

        return new(log, types, userIndexes, itemIndexes, indexOfUser.Count, itemKeys, [.. itemKeys.Select(key => texts?.GetValueOrDefault(key))]);
    }

    /// <summary>Preferences of the first <paramref name="events"/> events, weighed as a fold-in at that moment would weigh them.</summary>
    /// <param name="held">Events that are left out as if they had not happened.</param>
    public InteractionMatrix Preferences(int events, IReadOnlySet<int>? held = null)
    {
        var newest = new long[Users];
        for (int e = 0; e < events; e++)
            if (held?.Contains(e) != true) newest[userIndexes[e]] = log.OccurredAtMs[e];

        var entries = new InteractionMatrixBuilder(Users, Items);
        for (int e = 0; e < events; e++)
        {
            if (itemIndexes[e] < 0 || held?.Contains(e) == true) continue;
            int user = userIndexes[e];
            var preference = EventWeights.Of(types[log.TypeIds[e]], log.Values[e], HistoryBuilder.Days(newest[user] - log.OccurredAtMs[e]));
            // In seconds, as histories tell times.
            if (preference.Weight > 0) entries.Add(new(user, itemIndexes[e], (float)preference.Weight, (float)preference.Target), log.OccurredAtMs[e] / 1000);
        }

        return entries.Build();
    }

    bool[] ITimedInteractions.PositiveIn(int from, int to)
    {
        var positive = new bool[to - from];
        for (int e = from; e < to; e++) positive[e - from] = EventWeights.Of(types[log.TypeIds[e]], log.Values[e], 0) is { Weight: > 0, Target: > 0.5 };
        return positive;
    }

    int ITimedInteractions.Count => log.Count;

    long ITimedInteractions.TimeOf(int interaction) => log.OccurredAtMs[interaction];

    int ITimedInteractions.UserOf(int interaction) => userIndexes[interaction];

    int ITimedInteractions.ItemOf(int interaction) => itemIndexes[interaction];
}
