using System.Diagnostics;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Events;
using Recommender.Storage;
using Recommender.Storage.Events;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Events;

/// <summary>Folds users in: history from the store → factor against the released model → factor store.</summary>
/// <param name="weights">Event weights before the first release. A released model has the weights of its training.</param>
public sealed class Folding(IStore store, IFactorStore factorStore, ReleasedModel released, EventWeights weights, TrainerOptions options)
{
    private const int PageUsers = 500;
    private readonly HistoryCache _cache = new(options.HistoryCacheEvents);
    private IReadOnlyList<string> _typeNames = [];

    /// <summary>Stored events to fold in: histories in memory, and users whose history must be read from the store.</summary>
    public sealed class PendingFoldIns
    {
        internal Dictionary<int, UserEvents> Known { get; } = [];

        internal HashSet<int> Unknown { get; } = [];

        internal long Started { get; } = Stopwatch.GetTimestamp();
    }

    /// <summary>Records the result of a transaction. One caller at a time, in the order of batches.</summary>
    public void Note(StoredBatch stored, PendingFoldIns work)
    {
        foreach (var addition in stored.Additions)
        {
            if (_cache.Add(addition, stored.Revision) is { } history) work.Known[addition.UserKey] = history;
            else work.Known.Remove(addition.UserKey);
        }

        // Includes users with duplicates only, because of a possible crash between storing and folding in.
        foreach (int key in stored.UserKeys)
            if (!work.Known.ContainsKey(key)) work.Unknown.Add(key);
    }

    /// <summary>Updates the factor store for all recorded events.</summary>
    public async Task FoldInAsync(PendingFoldIns work, CancellationToken cancellationToken)
    {
        foreach (var piece in work.Known.Values.Chunk(PageUsers)) await PutAsync(piece, work.Started, cancellationToken);
        foreach (var piece in work.Unknown.Where(key => !work.Known.ContainsKey(key)).Chunk(PageUsers))
        {
            long started = Stopwatch.GetTimestamp();
            var users = await store.ReadUserEventsAsync(piece, cancellationToken);
            await PutAsync(users, started, cancellationToken);
            foreach (var user in users) _cache.Put(user);
        }

        _cache.Trim();
    }

    /// <summary>Removes an erased user from memory.</summary>
    public void Forget(UserRef user) => _cache.Forget(user);

    /// <summary>
    /// A fold-in that took longer, because the process was frozen, is checked against the store. The mark that keeps an erased user out of
    /// the factor store lasts 45 s and may have expired.
    /// </summary>
    internal TimeSpan CheckedAfter { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Updates the factor store with the stored histories of these users. Repeatable, and safe for concurrent calls with the same users:
    /// the factor store keeps the newest revision.
    /// </summary>
    public async Task FoldInAsync(IReadOnlyCollection<int> userKeys, CancellationToken cancellationToken)
    {
        // In pieces, so that not all histories of a large batch are in memory at once.
        foreach (var piece in userKeys.Chunk(PageUsers))
        {
            long started = Stopwatch.GetTimestamp();
            await PutAsync(await store.ReadUserEventsAsync(piece, cancellationToken), started, cancellationToken);
        }
    }

    /// <param name="started">Time at which the histories were current in the store.</param>
    private async Task PutAsync(IReadOnlyList<UserEvents> users, long started, CancellationToken cancellationToken)
    {
        var names = await TypeNamesAsync(users, cancellationToken);
        var model = released.Current;
        var histories = new HistoryBuilder(model?.Weights ?? weights, names, options.HistoryItemsLimit);
        var states = new UserState[users.Count];
        // A few users are solved in less time than threads need to start.
        if (users.Count < 16) for (int i = 0; i < states.Length; i++) states[i] = Fold(users[i], model, histories);
        else Parallel.For(0, states.Length, new ParallelOptions { CancellationToken = cancellationToken },
            i => states[i] = Fold(users[i], model, histories));
        await factorStore.PutUsersAsync(states, cancellationToken);
        if (Stopwatch.GetElapsedTime(started) >= CheckedAfter) await TakeBackErasedAsync(users, cancellationToken);
    }

    private async Task TakeBackErasedAsync(IReadOnlyList<UserEvents> written, CancellationToken cancellationToken)
    {
        var known = (await store.ReadUserEventsAsync([.. written.Select(user => user.UserKey)], cancellationToken)).Select(user =>
            user.UserKey).ToHashSet();
        // At the written revision: a user who has returned since has a higher one and is kept.
        foreach (var user in written)
            if (!known.Contains(user.UserKey)) await factorStore.EraseUsersAsync([user.User], user.Revision, cancellationToken);
    }

    /// <summary>Folds in every user, in key order: after a release, and to rebuild an emptied factor store.</summary>
    public async Task FoldInAllAsync(CancellationToken cancellationToken)
    {
        for (int after = 0; ;)
        {
            var keys = await store.ListUserKeysAsync(after, PageUsers, cancellationToken);
            if (keys.Count == 0) return;
            await FoldInAsync(keys, cancellationToken);
            after = keys[^1];
        }
    }

    private static UserState Fold(UserEvents user, FoldInModel? model, HistoryBuilder histories)
    {
        var history = histories.Build(user.Events);
        var (classes, seen) = SeenBuilder.Build(user.Events, history);
        return new()
        {
            User = user.User,
            Revision = user.Revision,
            ModelVersion = model?.Version ?? 0,
            Factor = model?.FoldIn(history) ?? [],
            History = history,
            HistoryClasses = classes,
            Seen = seen,
            Repeats = histories.BuildRepeats(user.Events),
        };
    }

    /// <summary>Writes the names of all event types to the factor store. Values of users refer to their ids.</summary>
    public async Task PutEventTypesAsync(CancellationToken cancellationToken)
    {
        var names = await store.GetEventTypesAsync(cancellationToken);
        await factorStore.PutEventTypesAsync(names, cancellationToken);
        _typeNames = names;
    }

    /// <summary>
    /// Names are only added, so the cached list is reloaded only for a newer type. The name is then written before the user's value.
    /// </summary>
    private async Task<IReadOnlyList<string>> TypeNamesAsync(IReadOnlyList<UserEvents> users, CancellationToken cancellationToken)
    {
        int highest = -1;
        foreach (var user in users)
            foreach (var stored in user.Events) highest = Math.Max(highest, stored.TypeId);
        if (highest >= _typeNames.Count) await PutEventTypesAsync(cancellationToken);
        return _typeNames;
    }
}
