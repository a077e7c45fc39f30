using Recommender.Contracts;
using Recommender.FactorStore.Users;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;
using Recommender.Retrieval.Filters;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// Which items may appear in one answer: available, passed by the filters, not excluded. One thread at a time; memory that later answers
/// use again.
/// </summary>
internal sealed class EligibleItems
{
    private readonly ItemSet _filtered = new(0);
    private readonly List<int> _postponed = [];

    /// <summary>Available and passed by the filters; null: every item.</summary>
    public ItemSet? Allowed { get; private set; }

    public PositionSet Excluded { get; } = new();

    public SearchScope Scope => new(Allowed, Excluded.Ascending);

    public bool Contains(int position) => (Allowed is null || Allowed.Contains(position)) && !Excluded.Contains(position);

    public void Clear()
    {
        Allowed = null;
        Excluded.Clear();
        _postponed.Clear();
    }

    /// <summary>Applies the filters and exclusions of a request and of its placement.</summary>
    public void Restrict(Catalogue catalogue, Request request)
    {
        foreach (string id in request.Rules.ExcludedIds) Excluded.Add(catalogue.PositionOfId(id));
        foreach (int key in request.ShownKeys ?? []) Excluded.Add(catalogue.PositionOfKey(key));
        Allowed = Filtered(catalogue, request.Rules, request.Placement?.Filter);
    }

    /// <summary>Excludes what a user has seen.</summary>
    /// <param name="value">The user's value in the factor store.</param>
    /// <param name="hideSeconds">By <see cref="EventClass"/>, see <see cref="HideRules"/>; null: every event hides its item for
    /// ever.</param>
    public void ExcludeSeen(Catalogue catalogue, ReadOnlySpan<byte> value, long[]? hideSeconds, DateTimeOffset now)
    {
        if (!UserStateView.TryRead(value, out var stored)) return;
        if (hideSeconds is null)
        {
            foreach (ref readonly var record in stored.History) Excluded.Add(catalogue.PositionOfKey(record.ItemKey));
            foreach (ref readonly var record in stored.Seen) Excluded.Add(catalogue.PositionOfKey(record.ItemKey));
            return;
        }

        long nowSeconds = now.ToUnixTimeSeconds();
        for (int i = 0; i < stored.History.Length; i++)
        {
            byte eventClass = stored.HistoryClasses.IsEmpty ? EventClass.Unknown : stored.HistoryClasses[i];
            if (Hides(hideSeconds[eventClass], SeenTime.FromSeconds(stored.History[i].LastAtSeconds)))
                Excluded.Add(catalogue.PositionOfKey(stored.History[i].ItemKey));
        }

        foreach (ref readonly var record in stored.Seen)
            if (Hides(hideSeconds[record.Class], record.Time)) Excluded.Add(catalogue.PositionOfKey(record.ItemKey));

        bool Hides(long seconds, uint time) => seconds != HideRules.Never && nowSeconds - SeenTime.ToSeconds(time) < seconds;
    }

    /// <summary>Excludes the items of a history given in the request.</summary>
    public void ExcludeGiven(Catalogue catalogue, IReadOnlyList<HistoryEvent> given)
    {
        foreach (var entry in given) Excluded.Add(catalogue.PositionOfId(entry.ItemId!));
    }

    /// <summary>Excludes an item until <see cref="RestorePostponed"/>, unless it is excluded for another reason.</summary>
    public void Postpone(int position)
    {
        if (Excluded.Add(position)) _postponed.Add(position);
    }

    /// <summary>Lets the postponed items in.</summary>
    /// <returns>Whether there are any.</returns>
    public bool RestorePostponed()
    {
        foreach (int position in _postponed) Excluded.Remove(position);
        return _postponed.Count > 0;
    }

    private ItemSet? Filtered(Catalogue catalogue, ItemRules rules, Filter? placementFilter)
    {
        var attributes = catalogue.Attributes;
        if (rules.Categories.Count == 0 && rules.Tags.Count == 0 && rules.Filter is null && placementFilter is null)
            return attributes.Available;
        var parts = new List<ItemFilter>();
        if (rules.Categories.Count > 0) parts.Add(ItemAttributes.WithAny(categories: true, rules.Categories));
        if (rules.Tags.Count > 0) parts.Add(ItemAttributes.WithAny(categories: false, rules.Tags));
        if (rules.Filter is { } filter) parts.Add(ItemAttributes.Translate(filter, catalogue));
        if (placementFilter is not null) parts.Add(ItemAttributes.Translate(placementFilter, catalogue));
        attributes.Compile(parts.Count == 1 ? parts[0] : new ItemFilter.All(parts), _filtered);
        return _filtered;
    }
}
