using System.Collections.Concurrent;
using Recommender.Contracts;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Answering;

/// <summary>
/// What this instance lately showed to each user at placements that rotate. In memory and bounded: a restart or another instance
/// forgets it, which costs a repetition and nothing else.
/// </summary>
internal sealed class Rotation(RecommendOptions options)
{
    private readonly Lock _generationLock = new();
    private ConcurrentDictionary<(string Placement, UserRef User), Shown> _young = new();
    private ConcurrentDictionary<(string Placement, UserRef User), Shown> _old = new();

    /// <summary>Excludes what was shown within the placement's time, and notes it in <see cref="Query.Rotated"/>.</summary>
    public void Exclude(ServingState state, Query query, DateTimeOffset now)
    {
        if (Find(query, create: false) is not { } shown) return;
        long from = (now - TimeSpan.FromMinutes(query.Placement!.RotationMinutes!.Value)).ToUnixTimeMilliseconds();
        lock (shown)
        {
            foreach (var (key, atMs) in shown.Items)
            {
                int position = state.Catalogue.PositionOfKey(key);
                if (atMs >= from && query.Excluded.Add(position)) query.Rotated.Add(position);
            }
        }
    }

    public void Record(ServingState state, Query query, DateTimeOffset now)
    {
        if (Find(query, create: true) is not { } shown) return;
        long atMs = now.ToUnixTimeMilliseconds();
        lock (shown)
        {
            foreach (var item in query.Items.AsSpan(0, query.ItemCount))
                if (state.Catalogue[item.Position] is { } known) shown.Items[known.Key] = atMs;
            if (shown.Items.Count <= 2 * Limits.RecommendationCount) return;
            foreach (var (key, _) in shown.Items.OrderBy(i => i.Value).Take(shown.Items.Count - Limits.RecommendationCount)
                .ToList()) shown.Items.Remove(key);
        }
    }

    /// <summary>Forgets an erased user.</summary>
    public void Forget(UserRef user)
    {
        foreach (var memory in new[] { _young, _old })
            foreach (var key in memory.Keys)
                if (key.User == user) memory.TryRemove(key, out _);
    }

    private Shown? Find(Query query, bool create)
    {
        UserRef? user = query.UserId is { } userId ? UserRef.User(userId) : query.SessionId is { } sessionId ? UserRef.Session(sessionId)
            : null;
        if (user is null) return null;
        var key = (query.Placement!.Name, user.Value);
        if (_young.TryGetValue(key, out var shown)) return shown;
        if (!_old.TryGetValue(key, out shown) && !create) return null;
        shown = _young.GetOrAdd(key, shown ?? new Shown());
        if (_young.Count <= options.RotationUsers / 2) return shown;
        lock (_generationLock)
        {
            // Two generations: when the young one is full it becomes the old one, and who was not seen since is forgotten.
            if (_young.Count > options.RotationUsers / 2) (_old, _young) = (_young, new());
        }

        return shown;
    }

    private sealed class Shown
    {
        public Dictionary<int, long> Items { get; } = [];
    }
}
