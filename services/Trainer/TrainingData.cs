using Recommender.Factorization;
using Recommender.Storage;

namespace Recommender.Trainer;

/// <summary>
/// The stored events as learning takes them: dense indexes for users and items, rows of items in ordinal order of their ids, events oldest first.
/// </summary>
public sealed class TrainingData
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

    /// <summary>Number of events before the newest <paramref name="share"/> of them; events of one millisecond stay together.</summary>
    public int CutOff(double share)
    {
        int cut = (int)Math.Round(log.Count * (1 - share));
        while (cut > 0 && cut < log.Count && log.OccurredAtMs[cut - 1] == log.OccurredAtMs[cut]) cut--;
        return cut;
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

    /// <summary>The newest <paramref name="share"/> of the events, foretold from those before it.</summary>
    /// <remarks>
    /// Tested are the items that users with a history then consumed for the first time. Where users come once and do not return, nobody has a history
    /// then: the last item of each visit is foretold from the rest.
    /// </remarks>
    /// <param name="usersLimit">At most so many users are tested, evenly chosen.</param>
    public Split Holdout(double share, int usersLimit) => Window(CutOff(share), log.Count, usersLimit);

    /// <summary>The hold-outs to choose settings by: several such windows, the newest first, by the rules of <see cref="Tuning.TemporalHoldouts"/>.</summary>
    public IReadOnlyList<Split> Holdouts(double share, int usersLimit)
    {
        var windows = Enumerable.Range(0, Tuning.Windows(log.Count)).Select(w => w * Tuning.WindowsApart);
        var splits = windows.Where(back => back + share < 1).Select(back => Window(CutOff(back + share), CutOff(back), usersLimit));
        return [.. splits.Where(s => s.Test.Columns.Length > 0 && s.Train.Count > 0)];
    }

    private Split Window(int cut, int end, int usersLimit)
    {
        var held = LastOfVisits(cut, end);
        var train = held is null ? Preferences(cut) : Preferences(end, held);
        var test = new SortedSet<int>?[Users];
        for (int e = cut; e < end; e++)
        {
            int user = userIndexes[e], item = itemIndexes[e];
            if (item < 0 || held?.Contains(e) == false || train.Users.Length(user) == 0 || train.Users.Row(user).BinarySearch(item) >= 0) continue;
            if (EventWeights.Of(types[log.TypeIds[e]], log.Values[e], 0) is { Weight: > 0, Target: > 0.5 }) (test[user] ??= []).Add(item);
        }

        int tested = test.Count(t => t is not null), seen = 0;
        var starts = new long[Users + 1];
        var columns = new List<int>();
        for (int user = 0; user < Users; user++)
        {
            // Of n users every one whose share of the limit passes a whole number is kept: an even choice without chance.
            if (test[user] is { } items && (tested <= usersLimit || (long)seen++ * usersLimit / tested != (long)seen * usersLimit / tested)) columns.AddRange(items);
            starts[user + 1] = columns.Count;
        }

        return new(train, new SparseRows(starts, [.. columns], null, null));
    }

    /// <summary>The last event of each user of a window, on an item of the catalogue. Null where users return, so that the window can be foretold from before it.</summary>
    private HashSet<int>? LastOfVisits(int cut, int end)
    {
        var known = new bool[Users];
        for (int e = 0; e < cut; e++) known[userIndexes[e]] = true;
        int returning = 0;
        for (int e = cut; e < end; e++) if (known[userIndexes[e]]) returning++;
        if (!Tuning.AreVisits(returning, end - cut)) return null;
        var last = new Dictionary<int, int>();
        for (int e = cut; e < end; e++) if (itemIndexes[e] >= 0) last[userIndexes[e]] = e;
        return [.. last.Values];
    }
}
