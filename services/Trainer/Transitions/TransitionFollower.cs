using System.Diagnostics;
using Recommender.FactorStore;
using Recommender.FactorStore.Transitions;
using Recommender.Factorization.Sessions.Baskets;
using Recommender.Factorization.Sessions.Pairs;
using Recommender.Storage;
using Recommender.Storage.Events;

namespace Recommender.Trainer.Transitions;

/// <summary>
/// Keeps the transition rows: a table in memory that includes every event up to a sequence, and its changed rows in the factor store.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Events are applied once each, in order of sequence. What this process stored is applied from memory, what others stored is read
/// from the store.</item>
/// <item>Rows are written as values with a revision, so writing again and writing from several processes change nothing. The watermark of
/// the factor store is written with the last rows: after a crash the events above it are applied again.</item>
/// <item>An erasure, a merge or a removal by age changes events that were applied. The rows concerned are counted again from the store,
/// under the store's revision. Other processes find their older rows refused and take over the recounted ones.</item>
/// <item>The rows of recent events change with every event, so batches that follow closely write them once; the next batch or round writes
/// the rest.</item>
/// </list>
/// Memory: at most 490 bytes per item with a row of 50, at most 2.2 KB for what was bought with an item, and the recent sessions of users.
/// Safe for concurrent use.
/// </remarks>
public sealed class TransitionFollower(
    IStore store,
    IFactorStore factorStore,
    TransitionPolicy rules,
    TransitionCounter counter,
    TrainerOptions options,
    ILogger<TransitionFollower> logger) : IDisposable
{
    /// <summary>Events of other processes that a batch catches up with at most. More are left to <see cref="RunRoundAsync"/>.</summary>
    private const int CatchUpEvents = 5_000;

    private const int RowsPerWrite = 1_000, RowsPerRecount = 50;

    /// <summary>Shortest time between two writes of the rows of recent events, 10 KB, by batches.</summary>
    private static readonly TimeSpan s_recentInterval = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim _gate = new(1, 1), _round = new(1, 1);
    private readonly SessionCache _sessions = new(options.HistoryCacheEvents / 4);
    private readonly SessionPairs _pairs = new(rules.Pairs);
    private readonly BasketPairs _baskets = new(rules.Baskets);
    private readonly List<PairDelta> _deltas = [];
    private readonly HashSet<int> _changed = [];

    /// <summary>Rows that were counted again, with the revision. The others were counted at <see cref="_counted"/>.</summary>
    private readonly Dictionary<int, long> _recounts = [];

    /// <summary>Rows that include events beyond <see cref="_sequence"/>, with the sequence.</summary>
    private readonly Dictionary<int, long> _ahead = [];

    private TransitionTables? _table;
    private RecentRows _recent = new();
    private long _recentWritten;
    private string _generation = "";
    private long _counted, _sequence, _written;

    /// <summary>Sequence of the store in the round before.</summary>
    private long _seen;
    private bool _wasLoaded, _isRetired;
    private volatile bool _isStale;

    /// <summary>Whether rows are kept up to date by each event.</summary>
    public bool IsFollowing => Volatile.Read(ref _table) is not null;

    /// <summary>Every row in memory includes every event up to this.</summary>
    public long Sequence => Volatile.Read(ref _sequence);

    /// <summary>Bytes of all rows in memory.</summary>
    public long Bytes => Volatile.Read(ref _table)?.Bytes ?? 0;

    public void Dispose()
    {
        _gate.Dispose();
        _round.Dispose();
    }

    /// <summary>Applies what a batch has stored and writes the changed rows, also those that an earlier batch could not write.</summary>
    public async Task FollowAsync(PendingTransitions pending, CancellationToken cancellationToken)
    {
        if (rules.IsOff) return;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_table is null) return;
            foreach (var part in pending.Parts)
            {
                if (part.Last <= _sequence) continue;
                if (part.Before - _sequence > CatchUpEvents) break;
                if (part.Before > _sequence) await ApplyStoredAsync(_sequence, part.Before, only: null, cancellationToken);
                if (part.Before == _sequence) await ApplyOwnAsync(part, cancellationToken);
                else await ApplyStoredAsync(_sequence, part.Last, only: null, cancellationToken);
            }

            await WriteAsync(withRecent: Stopwatch.GetElapsedTime(_recentWritten) >= s_recentInterval, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Writes the rows that changed since they were last written.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_table is not null) await WriteAsync(withRecent: true, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Loads the rows or counts them where they are missing, and catches up with the store.</summary>
    public async Task RunRoundAsync(CancellationToken cancellationToken)
    {
        if (rules.IsOff || _isRetired) return;
        await _round.WaitAsync(cancellationToken);
        try
        {
            var watermark = await factorStore.GetTransitionWatermarkAsync(cancellationToken);
            if (_table is not null && watermark?.Generation != _generation) await DropAsync(cancellationToken);
            if (_table is null || _isStale)
            {
                await LoadAsync(watermark, cancellationToken);
                if (_table is null) return;
                _seen = long.MaxValue;
            }

            // Newer events are mostly in a batch that is about to apply them from memory.
            long position = (await store.GetPositionAsync(cancellationToken)).Sequence;
            await CatchUpAsync(Math.Min(position, _seen), cancellationToken);
            _seen = position;
        }
        finally
        {
            _round.Release();
        }
    }

    /// <summary>Counts all rows again, after events were removed from many users. When it returns, the factor store has them.</summary>
    public Task RebuildAsync(CancellationToken cancellationToken)
    {
        if (rules.IsOff) return Task.CompletedTask;
        _isStale = true;
        return RunRoundAsync(cancellationToken);
    }

    /// <summary>Counts rows again whose events have left the store or moved, and the rows of recent events, and writes them. When it
    /// returns, the factor store has them.</summary>
    public async Task RecountAsync(IReadOnlyList<int> itemKeys, CancellationToken cancellationToken)
    {
        if (rules.IsOff || itemKeys.Count == 0) return;
        foreach (int[] keys in itemKeys.Where(key => key <= options.TransitionItemsLimit).Chunk(RowsPerRecount))
        {
            int[] rowKeys = [.. keys, .. keys.Select(TransitionRowRecord.BasketKey)];
            var rows = await counter.CountRowsAsync(rowKeys, cancellationToken);
            var write = await factorStore.PutTransitionsAsync(rows, watermark: null, cancellationToken);
            // Later events than those that were counted were in the row already, and the watermark may include them.
            if (write.HasOvertaken) await CatchUpAsync((await store.GetPositionAsync(cancellationToken)).Sequence, cancellationToken);
            // Another process may have counted later.
            if (!await AdoptInGateAsync(rowKeys, cancellationToken) && write.HasOvertaken)
                throw new FactorStoreUnavailableException("Transitions are not loaded yet; rows were counted again too early.");
        }

        var recent = await counter.CountRecentAsync(await store.GetPositionAsync(cancellationToken), cancellationToken);
        await factorStore.PutTransitionsAsync([.. recent.Save()], watermark: null, cancellationToken);
        await AdoptInGateAsync(RecentRows.Keys, cancellationToken);
    }

    private async Task DropAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        Drop();
        _gate.Release();
    }

    private void Drop()
    {
        Volatile.Write(ref _table, null);
        _sessions.Clear();
        _changed.Clear();
        _recounts.Clear();
        _ahead.Clear();
        _recent = new RecentRows();
    }

    private async Task LoadAsync(TransitionWatermark? watermark, CancellationToken cancellationToken)
    {
        var position = await store.GetPositionAsync(cancellationToken);
        bool isOfRules = watermark is not null && CountedAt(watermark.Generation) is not null;
        if (watermark is not null && !isOfRules && _wasLoaded)
        {
            _isRetired = true;
            logger.TransitionsReplaced();
            return;
        }

        // Rows of other rules, or of a store that held more than this one.
        bool isForeign = watermark is not null && (!isOfRules || watermark.Sequence > position.Sequence);
        if (isForeign) await factorStore.ClearTransitionsAsync(cancellationToken);
        if (watermark is null || isForeign || _isStale) await CountAllAsync(isForeign ? null : watermark, cancellationToken);
        else await ReadRowsAsync(watermark, CountedAt(watermark.Generation)!.Value, cancellationToken);
    }

    private async Task ReadRowsAsync(TransitionWatermark watermark, long counted, CancellationToken cancellationToken)
    {
        var table = rules.CreateTables();
        var recounts = new Dictionary<int, long>();
        var ahead = new Dictionary<int, long>();
        var recent = new RecentRows();
        await foreach (var row in ListRowsAsync(cancellationToken))
        {
            if (row.RecentScale >= 0)
            {
                recent.Load(row);
                continue;
            }

            table.LoadRow(row.ItemKey, row.Row.Span);
            if (row.Recount != counted) recounts[row.ItemKey] = row.Recount;
            if (row.Sequence > watermark.Sequence) ahead[row.ItemKey] = row.Sequence;
        }

        // Rows that an earlier version of the program wrote.
        if (!recent.IsComplete)
            recent = await counter.CountRecentAsync(await store.GetPositionAsync(cancellationToken), cancellationToken);
        await InstallAsync(table, recent, watermark, counted, recounts, ahead, cancellationToken);
        logger.TransitionsLoaded(watermark.Sequence);
    }

    /// <summary>Counts all rows from the store. Events that are stored meanwhile follow when it is done.</summary>
    private async Task CountAllAsync(TransitionWatermark? replaced, CancellationToken cancellationToken)
    {
        await DropAsync(cancellationToken);
        _isStale = false;
        var position = await store.GetPositionAsync(cancellationToken);
        logger.CountingTransitions(position.Sequence);
        try
        {
            var table = await counter.CountAllAsync(position.Sequence, cancellationToken);
            var recent = await counter.CountRecentAsync(position, cancellationToken);
            var keys = table.Keys.ToList();
            await foreach (var row in ListRowsAsync(cancellationToken))
                if (row.RecentScale < 0 && !table.HasRow(row.ItemKey)) keys.Add(row.ItemKey);
            var recounted = new List<int>();
            recounted.AddRange((await factorStore.PutTransitionsAsync([.. recent.Save()], null, cancellationToken)).Recounted);
            foreach (int[] page in keys.Chunk(RowsPerWrite))
            {
                var write = await factorStore.PutTransitionsAsync([.. page.Select(key =>
                    new TransitionRowRecord(key, position.Revision, position.Sequence, table.SaveRow(key)))], null, cancellationToken);
                recounted.AddRange(write.Recounted);
            }

            var mine = new TransitionWatermark($"{rules.Fingerprint}.{position.Revision}.{Guid.NewGuid():N}", position.Sequence);
            var holds = await factorStore.CompleteTransitionsAsync(mine, replaced?.Generation, cancellationToken);
            if (holds != mine)
            {
                // Another process was done earlier.
                if (CountedAt(holds.Generation) is { } counted) await ReadRowsAsync(holds, counted, cancellationToken);
                return;
            }

            await InstallAsync(table, recent, mine, position.Revision, [], [], cancellationToken);
            await AdoptInGateAsync(recounted, cancellationToken);
            logger.TransitionsCounted(position.Sequence, table.Bytes);
        }
        catch
        {
            _isStale = replaced is not null;
            throw;
        }
    }

    /// <returns>False if there is no table yet.</returns>
    private async Task<bool> AdoptInGateAsync(IReadOnlyCollection<int> itemKeys, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_table is null) return false;
            if (itemKeys.Count == 0) return true;
            await AdoptAsync(await factorStore.ReadTransitionsAsync(itemKeys, cancellationToken), cancellationToken);
            await WriteAsync(withRecent: true, cancellationToken);
            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task InstallAsync(TransitionTables table, RecentRows recent, TransitionWatermark watermark, long counted,
        Dictionary<int, long> recounts, Dictionary<int, long> ahead, CancellationToken cancellationToken)
    {
        await ApplyRecentAsync(recent, watermark.Sequence, cancellationToken);
        await _gate.WaitAsync(cancellationToken);
        Drop();
        _recent = recent;
        foreach (var (key, revision) in recounts) _recounts.Add(key, revision);
        foreach (var (key, sequence) in ahead) _ahead.Add(key, sequence);
        (_generation, _counted, _sequence, _written) = (watermark.Generation, counted, watermark.Sequence, watermark.Sequence);
        _wasLoaded = true;
        Volatile.Write(ref _table, table);
        _gate.Release();
    }

    private async IAsyncEnumerable<TransitionRowRecord> ListRowsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long after = 0; ;)
        {
            var page = await factorStore.ReadTransitionChangesAsync(after, RowsPerWrite, cancellationToken);
            foreach (var row in page.Rows) yield return row;
            if (!page.More) yield break;
            after = page.Position;
        }
    }

    private async Task CatchUpAsync(long target, CancellationToken cancellationToken)
    {
        for (bool isBehind = true; isBehind;)
        {
            await _gate.WaitAsync(cancellationToken);
            try
            {
                if (_table is null) return;
                if (_sequence < target)
                    await ApplyStoredAsync(_sequence, Math.Min(target, _sequence + CatchUpEvents), only: null, cancellationToken);
                await WriteAsync(withRecent: true, cancellationToken);
                isBehind = _sequence < target;
            }
            finally
            {
                _gate.Release();
            }
        }
    }

    /// <summary>Applies events of this process, with the sessions that are remembered.</summary>
    private async Task ApplyOwnAsync(PendingTransitions.StoredPart part, CancellationToken cancellationToken)
    {
        await rules.LearnTypesAsync(part.Events, cancellationToken);
        var sessions = new Dictionary<int, UserSessions>(part.PriorRevisions.Count);
        var unknown = new HashSet<int>();
        foreach (var (key, prior) in part.PriorRevisions)
        {
            if (_sessions.Find(key, prior) is { } known) sessions.Add(key, known);
            else if (prior == 0) sessions.Add(key, new UserSessions());
            else unknown.Add(key);
        }

        foreach (var stored in part.Events)
        {
            if (unknown.Contains(stored.UserKey) || rules.ToSessionEvent(stored) is not { } counted) continue;
            int? basketWindow = rules.IsPurchase(stored) ? _baskets.Window : null;
            if (!sessions[stored.UserKey].Covers(counted, stored.SessionId, _pairs.Window, basketWindow)) unknown.Add(stored.UserKey);
        }

        foreach (var (key, read) in await counter.ReadSessionsAsync(unknown, part.Before, cancellationToken)) sessions[key] = read;
        foreach (var stored in part.Events) Apply(stored, sessions[stored.UserKey], only: null);
        foreach (var (key, user) in sessions)
        {
            user.Revision = part.Revision;
            _sessions.Put(key, user);
        }

        Volatile.Write(ref _sequence, part.Last);
    }

    /// <summary>Applies events in the store above one sequence up to another.</summary>
    /// <param name="only">Rows that miss events, with the sequence up to which they include all. Null: all rows, and the table then
    /// includes these events.</param>
    private async Task ApplyStoredAsync(long after, long upTo, Dictionary<int, long>? only, CancellationToken cancellationToken)
    {
        while (after < upTo)
        {
            var events = await store.ReadEventsAsync(after, upTo, CatchUpEvents, cancellationToken);
            await rules.LearnTypesAsync(events, cancellationToken);
            var sessions = await counter.ReadSessionsAsync([.. events.Select(e => e.UserKey).Distinct()], after, cancellationToken);
            foreach (var stored in events) Apply(stored, sessions[stored.UserKey], only);
            after = events.Count < CatchUpEvents ? upTo : events[^1].Sequence;
            if (only is not null) continue;
            foreach (int key in sessions.Keys) _sessions.Remove(key);
            Volatile.Write(ref _sequence, after);
        }
    }

    /// <summary>Applies the events that rows of recent events miss up to a sequence.</summary>
    private async Task ApplyRecentAsync(RecentRows recent, long upTo, CancellationToken cancellationToken)
    {
        while (recent.Sequence < upTo)
        {
            var events = await store.ReadEventsAsync(recent.Sequence, upTo, CatchUpEvents, cancellationToken);
            await rules.LearnTypesAsync(events, cancellationToken);
            foreach (var stored in events) if (rules.ToSessionEvent(stored) is { } counted) recent.Add(counted);
            recent.NoteSequence(events.Count < CatchUpEvents ? upTo : events[^1].Sequence);
        }
    }

    private void Apply(in SequencedEvent stored, UserSessions sessions, Dictionary<int, long>? only)
    {
        if (rules.ToSessionEvent(stored) is not { } counted) return;
        if (only is null) _recent.Add(counted);
        var group = sessions.FindOrAdd(stored.SessionId);
        _deltas.Clear();
        _pairs.Insert(group.Events, group.HasId, counted, _deltas);
        foreach (var delta in _deltas) Apply(delta.Row, delta, stored.Sequence, only);
        if (!rules.IsPurchase(stored)) return;
        _deltas.Clear();
        _baskets.Insert(group.Purchases, group.HasId, counted, _deltas);
        foreach (var delta in _deltas) Apply(TransitionRowRecord.BasketKey(delta.Row), delta, stored.Sequence, only);
    }

    private void Apply(int rowKey, in PairDelta delta, long sequence, Dictionary<int, long>? only)
    {
        if (only is not null && (!only.TryGetValue(rowKey, out long includes) || includes >= sequence)) return;
        if (only is null && IsAhead(rowKey, sequence)) return;
        _table!.Apply(rowKey, delta);
        _changed.Add(rowKey);
    }

    private bool IsAhead(int itemKey, long sequence)
    {
        if (_ahead.Count == 0 || !_ahead.TryGetValue(itemKey, out long includes)) return false;
        if (includes >= sequence) return true;
        _ahead.Remove(itemKey);
        return false;
    }

    /// <summary>Takes over rows of the factor store in place of those in memory, and brings them up to the sequence of the
    /// table.</summary>
    private async Task AdoptAsync(IReadOnlyList<TransitionRowRecord> rows, CancellationToken cancellationToken)
    {
        var behind = new Dictionary<int, long>();
        _recent.NoteSequence(_sequence);
        foreach (var row in rows)
        {
            if (row.RecentScale >= 0) _recent.Load(row);
            if (row.RecentScale >= 0 || row.Recount < RecountOf(row.ItemKey)) continue;
            _table!.LoadRow(row.ItemKey, row.Row.Span);
            _recounts[row.ItemKey] = row.Recount;
            _changed.Remove(row.ItemKey);
            _ahead.Remove(row.ItemKey);
            if (row.Sequence > _sequence) _ahead.Add(row.ItemKey, row.Sequence);
            else if (row.Sequence < _sequence) behind.Add(row.ItemKey, row.Sequence);
        }

        try
        {
            await ApplyRecentAsync(_recent, _sequence, cancellationToken);
            if (behind.Count > 0) await ApplyStoredAsync(behind.Values.Min(), _sequence, behind, cancellationToken);
        }
        catch
        {
            // The rows miss events that the table includes. It is loaded again.
            Drop();
            throw;
        }
    }

    private long RecountOf(int itemKey) => _recounts.GetValueOrDefault(itemKey, _counted);

    /// <summary>Writes changed rows and the watermark. Rows that were counted again elsewhere are taken over, and written where that
    /// changed them.</summary>
    private async Task WriteAsync(bool withRecent, CancellationToken cancellationToken)
    {
        while (_changed.Count > 0 || _written < _sequence || (withRecent && _recent.HasChanged))
        {
            var rows = new List<TransitionRowRecord>(_changed.Count);
            _recent.NoteSequence(_sequence);
            if (withRecent && _recent.HasChanged) rows.AddRange(_recent.Save());
            foreach (int key in _changed)
                rows.Add(new(key, RecountOf(key), Math.Max(_sequence, _ahead.GetValueOrDefault(key)), _table!.SaveRow(key)));
            var write = await factorStore.PutTransitionsAsync(rows, new(_generation, _sequence), cancellationToken);
            if (!write.IsCurrent)
            {
                // The factor store was emptied, or the rows were counted again as a whole. The next round finds out.
                Drop();
                return;
            }

            _changed.Clear();
            if (withRecent)
            {
                _recent.NoteSaved();
                _recentWritten = Stopwatch.GetTimestamp();
            }

            if (write.Recounted.Count == 0) _written = _sequence;
            else await AdoptAsync(await factorStore.ReadTransitionsAsync(write.Recounted, cancellationToken), cancellationToken);
        }
    }

    /// <summary>
    /// A generation is the rules, the revision at which the rows were counted, and a unique name. Null for one of other rules.
    /// </summary>
    private long? CountedAt(string generation) =>
        generation.Split('.') is [var rulesOf, var revision, _] && rulesOf == rules.Fingerprint
            && long.TryParse(revision, System.Globalization.CultureInfo.InvariantCulture, out long counted) ? counted : null;
}
