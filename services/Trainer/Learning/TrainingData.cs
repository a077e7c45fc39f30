using Recommender.Factorization.Content;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Judging;
using Recommender.Storage;
using Recommender.Storage.Events;
using Recommender.Trainer.Events;

namespace Recommender.Trainer.Learning;

/// <summary>
/// The stored events for training: dense indexes of users and items, items in ordinal order of their ids, events oldest first.
/// </summary>
public sealed class TrainingData : ITimedInteractions
{
    private readonly InteractionLog _log;
    private readonly EventTypeSettings[] _types;
    private readonly IReadOnlyList<string> _typeNames;
    private readonly int[] _userIndexes;
    private readonly int[] _itemIndexes;

    private TrainingData(
        InteractionLog log, IReadOnlyList<string> typeNames, EventWeights weights, int[] userIndexes, int[] itemIndexes, int users,
        int[] itemKeys, ItemText?[] texts)
    {
        Texts = texts;
        this._log = log;
        this._typeNames = typeNames;
        _types = [.. typeNames.Select(name => weights[name])];
        this._userIndexes = userIndexes;
        this._itemIndexes = itemIndexes;
        Users = users;
        ItemKeys = itemKeys;
    }

    public int Users { get; }
    public int Items => ItemKeys.Length;

    /// <summary>The store's key of each row.</summary>
    public int[] ItemKeys { get; }

    /// <summary>The catalogue content of the item of each row; null if it is known only from events.</summary>
    public IReadOnlyList<ItemText?> Texts { get; }

    public int Events => _log.Count;

    /// <summary>Reads all events up to a sequence, on items that are not deleted.</summary>
    public static async Task<TrainingData> ReadAsync(IStore store, long upToSequence, EventWeights weights,
        CancellationToken cancellationToken)
    {
        var log = await store.ReadInteractionsAsync(upToSequence, cancellationToken);
        var (ids, texts) = await ReadItemsAsync(store, cancellationToken);
        return Build(log, ids, await store.GetEventTypesAsync(cancellationToken), weights, texts);
    }

    private static async Task<(Dictionary<int, string> Ids, Dictionary<int, ItemText> Texts)> ReadItemsAsync(IStore store,
        CancellationToken cancellationToken)
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

    /// <param name="itemIds">External id by item key of all items that may be recommended. Events of other items are left out.</param>
    /// <param name="typeNames">Names by <see cref="StoredEvent.TypeId"/>.</param>
    public static TrainingData Build(InteractionLog log, IReadOnlyDictionary<int, string> itemIds, IReadOnlyList<string> typeNames,
        EventWeights weights, IReadOnlyDictionary<int, ItemText>? texts = null)
    {
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

        return new(log, typeNames, weights, userIndexes, itemIndexes, indexOfUser.Count, itemKeys,
            [.. itemKeys.Select(key => texts?.GetValueOrDefault(key))]);
    }

    /// <summary>Preferences of the first <paramref name="events"/> events, weighted like a fold-in at that time.</summary>
    /// <param name="held">Events to leave out.</param>
    public InteractionMatrix Preferences(int events, IReadOnlySet<int>? held = null)
    {
        var newest = new long[Users];
        for (int e = 0; e < events; e++)
            if (held?.Contains(e) != true) newest[_userIndexes[e]] = _log.OccurredAtMs[e];

        var shares = Shares(0, events, held);
        var entries = new InteractionMatrixBuilder(Users, Items);
        for (int e = 0; e < events; e++)
        {
            if (_itemIndexes[e] < 0 || held?.Contains(e) == true) continue;
            int user = _userIndexes[e];
            float share = shares is null ? 1 : shares[e];
            var preference = EventWeights.Of(_types[_log.TypeIds[e]], _log.Values[e],
                HistoryBuilder.Days(newest[user] - _log.OccurredAtMs[e]),
                share);
            // In seconds, like the times of histories.
            if (preference.Weight > 0) entries.Add(new(user, _itemIndexes[e], (float)preference.Weight, (float)preference.Target),
                _log.OccurredAtMs[e] / 1000);
        }

        return entries.Build();
    }

    /// <summary>Remaining share of each event of a range, by <see cref="EventShares"/>; null if all are 1.</summary>
    /// <param name="held">Events to leave out.</param>
    private float[]? Shares(int from, int to, IReadOnlySet<int>? held)
    {
        bool isTrivial = true;
        for (int e = from; e < to && isTrivial; e++) isTrivial = EventShares.IsTrivial(_types[_log.TypeIds[e]], _log.Values[e]);
        if (isTrivial) return null;

        // The events of each user, oldest first.
        var starts = new int[Users + 1];
        for (int e = from; e < to; e++) starts[_userIndexes[e] + 1]++;
        for (int user = 0; user < Users; user++) starts[user + 1] += starts[user];
        var next = starts.AsSpan(0, Users).ToArray();
        var byUser = new int[to - from];
        for (int e = from; e < to; e++) byUser[next[_userIndexes[e]]++] = e;

        var result = new float[to - from];
        var shares = new EventShares();
        for (int user = 0; user < Users; user++)
        {
            shares.Clear();
            var events = byUser.AsSpan(starts[user]..starts[user + 1]);
            foreach (int e in events)
            {
                if (held?.Contains(e) == true) continue;
                shares.Add(_log.ItemKeys[e], _typeNames[_log.TypeIds[e]], _types[_log.TypeIds[e]], _log.Values[e], _log.OccurredAtMs[e]);
            }

            var left = shares.Compute();
            int n = 0;
            foreach (int e in events)
                if (held?.Contains(e) != true) result[e - from] = left[n++];
        }

        return result;
    }

    bool[] ITimedInteractions.PositiveIn(int from, int to)
    {
        // Events cancelled within the window are not to be predicted.
        var shares = Shares(from, to, held: null);
        var positive = new bool[to - from];
        for (int e = from; e < to; e++)
            positive[e - from] = EventWeights.Of(_types[_log.TypeIds[e]], _log.Values[e], 0, shares is null ? 1
                : shares[e - from]).IsPositive;
        return positive;
    }

    int ITimedInteractions.Count => _log.Count;

    long ITimedInteractions.TimeOf(int interaction) => _log.OccurredAtMs[interaction];

    int ITimedInteractions.UserOf(int interaction) => _userIndexes[interaction];

    int ITimedInteractions.ItemOf(int interaction) => _itemIndexes[interaction];
}
