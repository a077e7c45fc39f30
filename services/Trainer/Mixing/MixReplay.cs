using Recommender.FactorStore.Users;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Storage.Events;
using Recommender.Trainer.Events;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Mixing;

/// <summary>
/// Replays stored events in event time, and before some of them asks for the next item: from the whole history of the user, and from the
/// session. Not safe for concurrent use.
/// </summary>
internal sealed class MixReplay
{
    private readonly MixedModel _model;
    private readonly TransitionPolicy _policy;
    private readonly HistoryBuilder _histories;
    private readonly Dictionary<int, List<SequencedEvent>> _users = [];
    private readonly Dictionary<int, int> _newItems = [];
    private readonly Dictionary<(int UserKey, string SessionId), long> _sessions = [];

    /// <param name="policy">Has learned the event types.</param>
    public MixReplay(MixedModel model, TransitionPolicy policy, HistoryBuilder histories, SessionReplaySettings settings)
    {
        (_model, _policy, _histories) = (model, policy, histories);
        Known = new SessionReplay(settings, model.Encoder);
        Anonymous = new SessionReplay(settings, model.Encoder);
    }

    public SessionReplay Known { get; }

    public SessionReplay Anonymous { get; }

    /// <param name="stored">Not older than any before.</param>
    public void Follow(in SequencedEvent stored, bool isAsked)
    {
        if (!_users.TryGetValue(stored.UserKey, out var history)) _users[stored.UserKey] = history = [];
        if (_policy.ToSessionEvent(stored) is { } counted)
        {
            counted = counted with { Item = IndexOf(counted.Item) };
            if (isAsked && history.Count > 0)
            {
                Ask(Known, history, counted.Item);
                Ask(Anonymous, SessionOf(history, stored), counted.Item);
            }

            long group = GroupOf(stored);
            Known.Learn(group, stored.SessionId is not null, counted);
            Anonymous.Learn(group, stored.SessionId is not null, counted);
        }

        history.Add(stored);
    }

    private void Ask(SessionReplay replay, List<SequencedEvent> history, int next) =>
        replay.Ask(ItemsOf(history), next, () => _model.Model.Score(RecordsOf(history)));

    private HistoryRecord[] RecordsOf(List<SequencedEvent> history) =>
        _histories.Build(history.ConvertAll(e => new StoredEvent(e.ItemKey, e.TypeId, e.Value, e.OccurredAtMs)));

    /// <summary>Items with positive events, each once, by the last one.</summary>
    private int[] ItemsOf(List<SequencedEvent> history)
    {
        var items = new List<int>();
        var seen = new HashSet<int>();
        for (int e = history.Count - 1; e >= 0; e--)
            if (_policy.ToSessionEvent(history[e]) is { } counted && seen.Add(counted.Item)) items.Add(IndexOf(counted.Item));
        items.Reverse();
        return [.. items];
    }

    /// <summary>The part of a history that is one session with an event after it.</summary>
    private List<SequencedEvent> SessionOf(List<SequencedEvent> history, in SequencedEvent next)
    {
        var session = new List<SequencedEvent>();
        long later = next.OccurredAtMs;
        for (int e = history.Count - 1; e >= 0; e--)
        {
            if (history[e].SessionId != next.SessionId) continue;
            if (next.SessionId is null && later - history[e].OccurredAtMs > _policy.Pairs.GapMs) break;
            session.Add(history[e]);
            later = history[e].OccurredAtMs;
        }

        session.Reverse();
        return session;
    }

    /// <summary>The model's row of an item; items that are newer than the model follow after its rows.</summary>
    private int IndexOf(int itemKey)
    {
        if (_model.Model.IndexOf(itemKey) is >= 0 and var row) return row;
        if (!_newItems.TryGetValue(itemKey, out int index))
            _newItems[itemKey] = index = _model.Model.ItemKeys.Length + _newItems.Count;
        return index;
    }

    private long GroupOf(in SequencedEvent stored)
    {
        if (stored.SessionId is not { } sessionId) return stored.UserKey;
        if (!_sessions.TryGetValue((stored.UserKey, sessionId), out long group))
            _sessions[(stored.UserKey, sessionId)] = group = _sessions.Count;
        return group;
    }
}
