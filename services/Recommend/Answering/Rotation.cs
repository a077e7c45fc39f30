using System.Collections.Concurrent;
using Recommender.Contracts;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Answering;

/// <summary>
/// What this instance showed recently to each user at placements that rotate. In memory and bounded: a restart or another instance
/// forgets it, which costs a repetition and nothing else.
/// </summary>
internal sealed class Rotation(RecommendOptions options)
{
    private readonly Lock _generationLock = new();
    private ConcurrentDictionary<(string Placement, UserRef User), Shown> _young = new();
    private ConcurrentDictionary<(string Placement, UserRef User), Shown> _old = new();

    /// <summary>Postpones what was shown within the time of a placement that rotates.</summary>
    /// <param name="user">Null for an answer that is for nobody in particular, which is not remembered.</param>
    public void Postpone(Catalogue catalogue, Placement? placement, UserRef? user, EligibleItems eligible, DateTimeOffset now)
    {
        if (placement?.RotationMinutes is not { } minutes || Find(placement, user, create: false) is not { } shown) return;
        long from = (now - TimeSpan.FromMinutes(minutes)).ToUnixTimeMilliseconds();
        lock (shown)
        {
            foreach (var (key, atMs) in shown.Items)
                if (atMs >= from) eligible.Postpone(catalogue.PositionOfKey(key));
        }
    }

    /// <summary>Remembers the items of an answer at a placement that rotates.</summary>
    /// <param name="user">As in <see cref="Postpone"/>.</param>
    public void Record(Catalogue catalogue, Placement? placement, UserRef? user, ReadOnlySpan<AnswerItem> items, DateTimeOffset now)
    {
        if (placement?.RotationMinutes is null || Find(placement, user, create: true) is not { } shown) return;
        long atMs = now.ToUnixTimeMilliseconds();
        lock (shown)
        {
            foreach (ref readonly var item in items)
                if (catalogue[item.Position] is { } known) shown.Items[known.Key] = atMs;
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

    private Shown? Find(Placement placement, UserRef? user, bool create)
    {
        if (user is null) return null;
        var key = (placement.Name, user.Value);
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
