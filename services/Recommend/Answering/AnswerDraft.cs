using System.Runtime.InteropServices;
using Recommender.Contracts;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;

namespace Recommender.Recommend.Answering;

/// <summary>
/// An answer while it is put together from candidates. Items that were added are excluded from further searches. One thread at a time;
/// memory that later answers use again.
/// </summary>
internal sealed class AnswerDraft(Profile profile, EligibleItems eligible, ModelCandidates scored, RankingCandidates fromRankings,
    ListedCandidates listed)
{
    private readonly List<UnrankedItem> _unranked = [];
    private readonly HashSet<string> _unrankedIds = new(StringComparer.Ordinal);
    private AnswerItem[] _items = new AnswerItem[64];
    private int _count;
    private Request? _request;
    private ServingState? _state;
    private string _source = Sources.Popular;
    private bool _usesScores;
    private Findings? _findings;

    /// <summary>Items to find: one more than may be shown tells whether another page follows.</summary>
    private int _wanted;
    private int _pinned;

    /// <summary>Whether enough items were found.</summary>
    public bool IsFull => _count >= _wanted;

    /// <summary>Whether a search found anything, on this page or another.</summary>
    public bool HasFound => _findings is { Total: > 0 };

    private ReadOnlySpan<AnswerItem> Items => _items.AsSpan(0, _count);

    private Request Request => _request ?? throw new InvalidOperationException("The draft of an answer has not begun.");

    private ServingState State => _state ?? throw new InvalidOperationException("The draft of an answer has not begun.");

    private Catalogue Catalogue => State.Catalogue;

    public void Clear()
    {
        _request = null;
        _state = null;
        _count = _wanted = _pinned = 0;
        _source = Sources.Popular;
        _usesScores = false;
        _findings = null;
        _unranked.Clear();
        _unrankedIds.Clear();
    }

    /// <param name="source">Where the items come from unless a ranking is the first to add any.</param>
    public void Begin(ServingState state, Request request, string source)
    {
        (_state, _request, _source) = (state, request, source);
        _wanted = request.PageCount + 1;
    }

    /// <summary>
    /// Keeps places of the first page for the pinned items, which are taken out of the searches. Unknown and unavailable ones are left out,
    /// and their places close up.
    /// </summary>
    public void ReservePins()
    {
        if (!Request.IsFirstPage) return;
        foreach (var pin in Request.Rules.Pins)
        {
            int position = Catalogue.PositionOfId(pin.ItemId!);
            if (!Catalogue.IsAvailable(position)) continue;
            eligible.Excluded.Add(position);
            _pinned++;
        }

        _wanted = Math.Max(Request.PageCount - _pinned, 0) + 1;
    }

    /// <summary>Adds the items with the best scores.</summary>
    public void AddScored()
    {
        _usesScores = true;
        ExcludeItems();
        Add(scored.Find(State, _wanted - _count, Request.Diversity), isScored: true);
    }

    /// <summary>Adds the items most similar to one item, which the model knows.</summary>
    public void AddSimilar(int position)
    {
        _usesScores = true;
        ExcludeItems();
        Add(scored.FindSimilar(State, position, _wanted - _count), isScored: false);
    }

    /// <summary>Where candidates are listed for <see cref="AddListed"/>. Empty, and without the items so far.</summary>
    public ListedCandidates BeginList()
    {
        ExcludeItems();
        listed.Clear();
        return listed;
    }

    /// <summary>Adds the best of the candidates that were listed.</summary>
    /// <param name="reason">Position of the item that accounts for their scores; −1: each accounts for its own.</param>
    public void AddListed(int reason = -1)
    {
        foreach (var candidate in listed.Find(Catalogue, _wanted - _count))
            Add(candidate.Item, candidate.Score, isScored: false, reason < 0 ? candidate.Item : reason);
    }

    /// <summary>Adds the best of the candidates that a search listed.</summary>
    public void AddFound(Findings findings)
    {
        _findings = findings;
        if (findings.Total == 0) return;
        _usesScores = profile.HasScores;
        foreach (var candidate in listed.Find(Catalogue, _wanted - _count)) Add(candidate.Item, candidate.Score, isScored: false);
    }

    /// <summary>
    /// Fills up from the rankings: the named one, then popular items, which are all available ones. After items of the model their score is
    /// 0, or the last item's if that is lower; the answer's source stays that of its first items.
    /// </summary>
    /// <param name="ranking">One of <see cref="Sources"/>.</param>
    public void FillFrom(string ranking)
    {
        if (IsFull) return;
        AddFromRanking(ranking);
        if (!IsFull && ranking != Sources.Popular) AddFromRanking(Sources.Popular);
        if (_count == 0 && !_usesScores) _source = ranking;
    }

    /// <summary>
    /// Adds given items, each once: those that have a score by score, then by popularity. What cannot be recommended becomes
    /// <see cref="Answer.Unranked"/>.
    /// </summary>
    public void AddRanked()
    {
        _usesScores = profile.HasScores;
        if (!_usesScores) _source = Sources.Popular;
        foreach (string itemId in Request.ItemIds) AddRanked(itemId);
        var catalogue = Catalogue;
        _items.AsSpan(0, _count).Sort((a, b) =>
        {
            if (a.IsScored != b.IsScored) return a.IsScored ? -1 : 1;
            if (a.Score != b.Score) return b.Score.CompareTo(a.Score);
            if (!a.IsScored && catalogue[a.Position]!.Record.Popularity is var pa && catalogue[b.Position]!.Record.Popularity is var pb
                && pa != pb) return pb.CompareTo(pa);
            return string.CompareOrdinal(catalogue[a.Position]!.Id, catalogue[b.Position]!.Id);
        });
    }

    /// <summary>Cuts the answer to the page, notes whether more follows, and puts the pinned items in.</summary>
    public Answer FinishPage()
    {
        bool hasMore = IsFull && Request.Count > 0;
        _count = Math.Min(_count, _wanted - 1);
        if (_pinned > 0)
            foreach (var pin in Request.Rules.Pins) InsertPin(pin);
        return Finish(hasMore);
    }

    /// <summary>Everything added so far as the answer.</summary>
    public Answer Finish(bool hasMore = false) => new()
    {
        Request = Request,
        State = State,
        Profile = profile,
        Model = _usesScores ? State.Model : null,
        Source = _source,
        Items = Items,
        Unranked = CollectionsMarshal.AsSpan(_unranked),
        HasMore = hasMore,
        Findings = _findings,
    };

    private void AddFromRanking(string source)
    {
        ExcludeItems();
        var ranking = Catalogue.RankingOf(source);
        int missing = _wanted - _count;
        if (_count > 0)
        {
            float score = Math.Min(0, _items[_count - 1].Score);
            foreach (var item in fromRankings.Take(Catalogue, ranking, missing)) Add(item.Position, score, isScored: false);
            return;
        }

        Add(fromRankings.Find(Catalogue, ranking, missing), isScored: false);
        if (_count > 0) _source = source;
    }

    /// <summary>Keeps the items so far out of the next search.</summary>
    private void ExcludeItems()
    {
        foreach (ref readonly var item in Items) eligible.Excluded.Add(item.Position);
    }

    private void AddRanked(string itemId)
    {
        int position = Catalogue.PositionOfId(itemId);
        if (Catalogue[position] is not { Available: true } item)
        {
            bool isInCatalogue = Catalogue[position] is { Record.Deleted: false };
            if (_unrankedIds.Add(itemId)) _unranked.Add(new UnrankedItem(itemId, isInCatalogue ? position : -1));
            return;
        }

        if (!eligible.Excluded.Add(position)) return;
        bool isScored = profile.CanScore(State.Model, position);
        float score = isScored ? profile.ScoreOf(State.Model, position) : _usesScores ? 0
            : Catalogue.Popular.ScoreOf(new RankedItem(position, item.Record.Popularity));
        Add(position, score, isScored);
    }

    private void InsertPin(Pin pin)
    {
        int position = Catalogue.PositionOfId(pin.ItemId!);
        if (!Catalogue.IsAvailable(position)) return;
        bool isScored = _usesScores && profile.CanScore(State.Model, position);
        float score = isScored ? profile.ScoreOf(State.Model, position) : 0;
        int at = Math.Min(pin.Position - 1, _count);
        Add(0, 0, false);
        _items.AsSpan(at, _count - 1 - at).CopyTo(_items.AsSpan(at + 1));
        _items[at] = new AnswerItem(position, score, isScored);
    }

    private void Add(ReadOnlySpan<ScoredItem> candidates, bool isScored)
    {
        foreach (var candidate in candidates) Add(candidate.Item, candidate.Score, isScored);
    }

    private void Add(int position, float score, bool isScored, int reason = -1)
    {
        if (_count == _items.Length) Array.Resize(ref _items, _count * 2);
        _items[_count++] = new AnswerItem(position, score, isScored, reason);
    }
}
