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
/// <param name="weights">What events count while no model is released; a released model brings the weights it was trained with.</param>
public sealed class Folding(IStore store, IFactorStore factorStore, ReleasedModel released, EventWeights weights, TrainerOptions options)
{
    private const int PageUsers = 500;
    private readonly HistoryCache _cache = new(options.HistoryCacheEvents);
    private IReadOnlyList<string> _typeNames = [];

    /// <summary>Stored events that must be folded in: histories in memory, and users whose history must be read from the store.</summary>
    public sealed class PendingFoldIns
    {
        internal Dictionary<int, UserEvents> Known { get; } = [];

        internal HashSet<int> Unknown { get; } = [];

        internal long Started { get; } = Stopwatch.GetTimestamp();
    }

    /// <summary>Takes note of what a transaction has stored. Batch after batch: one caller at a time.</summary>
    public void Note(StoredBatch stored, PendingFoldIns work)
    {
        foreach (var addition in stored.Additions)
        {
            if (_cache.Add(addition, stored.Revision) is { } history) work.Known[addition.UserKey] = history;
            else work.Known.Remove(addition.UserKey);
        }

        // Users of nothing but duplicates too: a crash may have come between storing and folding in.
        foreach (int key in stored.UserKeys)
            if (!work.Known.ContainsKey(key)) work.Unknown.Add(key);
    }

    /// <summary>Brings the factor store up to date with what was noted.</summary>
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

    /// <summary>Drops what this process remembers of an erased user.</summary>
    public void Forget(UserRef user) => _cache.Forget(user);

    /// <summary>
    /// A fold-in that took longer than this, because the process was frozen in the middle of it, is checked against the store: the mark
    /// that keeps
    /// an erased user from returning to the factor store lasts 45 s and may have expired by then.
    /// </summary>
    internal TimeSpan CheckedAfter { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Brings the factor store up to date with the stored history of these users. May run twice or concurrently for the same user:
    /// the factor store keeps the newest revision.
    /// </summary>
    public async Task FoldInAsync(IReadOnlyCollection<int> userKeys, CancellationToken cancellationToken)
    {
        // Piece by piece: the histories of all that a large batch touches need not be in memory at once.
        foreach (var piece in userKeys.Chunk(PageUsers))
        {
            long started = Stopwatch.GetTimestamp();
            await PutAsync(await store.ReadUserEventsAsync(piece, cancellationToken), started, cancellationToken);
        }
    }

    /// <param name="started">When the histories were known to be those of the store.</param>
    private async Task PutAsync(IReadOnlyList<UserEvents> users, long started, CancellationToken cancellationToken)
    {
        var names = await TypeNamesAsync(users, cancellationToken);
        var model = released.Current;
        var histories = new HistoryBuilder(model?.Weights ?? weights, options.HistoryItemsLimit);
        var states = new UserState[users.Count];
        // A handful of users is solved faster than threads are woken.
        if (users.Count < 16) for (int i = 0; i < states.Length; i++) states[i] = Fold(users[i], names, model, histories);
        else Parallel.For(0, states.Length, new ParallelOptions { CancellationToken = cancellationToken },
            i => states[i] = Fold(users[i], names, model, histories));
        await factorStore.PutUsersAsync(states, cancellationToken);
        if (Stopwatch.GetElapsedTime(started) >= CheckedAfter) await TakeBackErasedAsync(users, cancellationToken);
    }

    private async Task TakeBackErasedAsync(IReadOnlyList<UserEvents> written, CancellationToken cancellationToken)
    {
        var known = (await store.ReadUserEventsAsync([.. written.Select(user => user.UserKey)], cancellationToken)).Select(user =>
            user.UserKey).ToHashSet();
        // At the revision that was written: who has returned since has a higher one and stays.
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

    private static UserState Fold(UserEvents user, IReadOnlyList<string> names, FoldInModel? model, HistoryBuilder histories)
    {
        var history = histories.Build(user.Events, names);
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
        };
    }

    /// <summary>Makes the names of all event types known to serving, which sees their ids in the values of users.</summary>
    public async Task PutEventTypesAsync(CancellationToken cancellationToken)
    {
        var names = await store.GetEventTypesAsync(cancellationToken);
        await factorStore.PutEventTypesAsync(names, cancellationToken);
        _typeNames = names;
    }

    /// <summary>
    /// Names are only ever added, so the cached list is read again only when a type is newer than it. Serving then learns it before the
    /// user's value.
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
