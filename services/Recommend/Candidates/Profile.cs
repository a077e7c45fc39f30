using Recommender.Contracts;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// What one answer is based on: the stored history and the one given in the request, and what the model makes of them, the factor and the
/// item–item term. One thread at a time; memory that later answers use again.
/// </summary>
internal sealed class Profile
{
    private readonly EventShares _givenShares = new();
    private int[] _givenPositions = [];
    private HistoryEntry[] _history = new HistoryEntry[64];

    /// <summary>When each entry of the history last happened, in seconds since 1970.</summary>
    private long[] _times = new long[64];

    /// <summary>Orders the entries of the history: higher for newer ones, also within a second.</summary>
    private long[] _recencies = new long[64];
    private int _length;
    private int _usableLength;
    private float[] _factor = [];
    private int _rank;

    /// <summary>Whether the stored history is the user's, not a session's or none.</summary>
    public bool IsPersonal { get; private set; }

    /// <summary>Whether <see cref="Factor"/> scores items: something positive is known on items of the model.</summary>
    public bool HasFactor { get; private set; }

    /// <summary>Whether the vector of the session scores items in place of the factor.</summary>
    public bool IsEncoded { get; private set; }

    /// <summary>Whether anything can be scored: by the model, because it followed an item of the history, or by recent
    /// popularity.</summary>
    public bool HasScores { get; private set; }

    /// <summary>The factor for the served model; empty without <see cref="HasFactor"/>.</summary>
    public ReadOnlySpan<float> Factor => _factor.AsSpan(0, _rank);

    /// <summary>The part of the history that the model knows.</summary>
    public ReadOnlySpan<HistoryEntry> UsableHistory => _history.AsSpan(0, _usableLength);

    /// <summary>The whole history, which scores are sums over: <see cref="UsableHistory"/> first.</summary>
    public ReadOnlySpan<HistoryEntry> History => _history.AsSpan(0, _length);

    /// <summary>What is added to the dot products: the model's item–item term, and terms of <see cref="Stream"/>.</summary>
    public ItemTerm Term { get; } = new();

    /// <summary>The terms that follow every event, and the vector of the session.</summary>
    public StreamTerms Stream { get; } = new();

    /// <summary>Whose dot products with the rows of <see cref="IndexOf"/> are the first part of scores; empty: there is no such
    /// part.</summary>
    public ReadOnlySpan<float> Query => IsEncoded ? Stream.Vector : HasFactor ? Factor : [];

    /// <summary>Whether the model can use a user's value. If not, a session of theirs may answer better.</summary>
    public static bool IsUsable(ServingState state, ReadOnlySpan<byte> value)
    {
        if (!UserStateView.TryRead(value, out var stored)) return false;
        if (state.Model is not { } model) return true; // No session would answer either.
        foreach (ref readonly var record in stored.History)
            if (record.Target > 0 && (uint)state.Catalogue.PositionOfKey(record.ItemKey) < (uint)model.ItemCount) return true;
        return false;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _length = _usableLength = _rank = 0;
        IsPersonal = HasFactor = IsEncoded = HasScores = false;
        _givenShares.Clear();
        Term.Clear();
        Stream.Clear();
    }

    /// <summary>Takes everything over that is known of a subject. The profile is clear before.</summary>
    /// <param name="given">History given in the request.</param>
    /// <param name="weights">What given events count.</param>
    /// <param name="now">When given events without a time happened.</param>
    public void Read(ServingState state, in Subject subject, IReadOnlyList<HistoryEvent> given, EventWeights weights, DateTimeOffset now)
    {
        bool isSession = AddStored(state.Catalogue, subject.Session, out var stored);
        IsPersonal = !isSession && AddStored(state.Catalogue, subject.User, out stored);
        if (given.Count > 0) AddGiven(state.Catalogue, given, weights, now);
        bool isUsable = state.Model is { } model && Partition(model);
        bool isFollowed = false;
        if (Stream.Begin(state, !IsPersonal ? RequestKind.Anonymous : given.Count > 0 ? RequestKind.Mixed : RequestKind.Known))
        {
            NoteNewest();
            IsEncoded = Stream.Encode();
            isFollowed = Stream.AddTransitions(Term) || Stream.HasRecent;
        }

        // Where the model's score does not count, it is still better than none.
        HasFactor = isUsable && !IsEncoded && (!isFollowed || Stream.Weights!.Model > 0);
        HasScores = HasFactor || IsEncoded || isFollowed;
        if (HasFactor) Resolve(state.Model!, stored, isStoredAll: given.Count == 0);
        if (HasScores) Stream.AddRest(Term);
    }

    /// <summary>The index of the rows that <see cref="Query"/> scores; null: there is none.</summary>
    public ServingIndex? IndexOf(ServingModel? model) => IsEncoded ? model!.EncoderIndex : HasFactor ? model!.Index : null;

    /// <summary>Whether an item has a score.</summary>
    public bool CanScore(ServingModel? model, int position) =>
        HasScores && (Term[position] != 0 || (IndexOf(model)?.HasFactor(position) ?? false));

    /// <summary>The score of an item: the dot product, where the item has a row, and the terms.</summary>
    public float ScoreOf(ServingModel? model, int position)
    {
        Span<float> score = stackalloc float[1];
        score.Clear();
        if (IndexOf(model) is { } index && index.HasFactor(position)) index.Score(Query, [position], score);
        return score[0] + Term[position];
    }

    /// <summary>Takes the history of a stored value over. False when there is none that counts.</summary>
    private bool AddStored(Catalogue catalogue, ReadOnlySpan<byte> value, out UserStateView stored)
    {
        if (!UserStateView.TryRead(value, out stored) || stored.History.IsEmpty) return false;
        // Newest first.
        for (int i = 0; i < stored.History.Length; i++)
        {
            var record = stored.History[i];
            int position = catalogue.PositionOfKey(record.ItemKey);
            if (position >= 0) Add(position, record.Weight, record.Target, record.LastAtSeconds, order: -i);
        }

        return true;
    }

    /// <summary>
    /// Adds the history given in the request, whose events are combined among each other by the rules of <see cref="EventWeights"/>. They
    /// age up to the newest among them; weights of the stored history stay as they are. Events on unknown items are ignored.
    /// </summary>
    private void AddGiven(Catalogue catalogue, IReadOnlyList<HistoryEvent> given, EventWeights weights, DateTimeOffset now)
    {
        var newest = DateTimeOffset.MinValue;
        _givenShares.Clear();
        // Looked up once: an item may become known meanwhile.
        var positions = Scratch.EnsureCapacity(ref _givenPositions, given.Count);
        for (int i = 0; i < given.Count; i++)
        {
            var (entry, at) = (given[i], given[i].OccurredAt ?? now);
            if (at > newest) newest = at;
            string type = entry.Type ?? HistoryEvent.DefaultType;
            positions[i] = catalogue.PositionOfId(entry.ItemId!);
            _givenShares.Add(positions[i], type, weights[type], ValueOf(entry), at.ToUnixTimeMilliseconds());
        }

        var shares = _givenShares.Compute();
        for (int i = 0; i < given.Count; i++)
        {
            var (entry, position, at) = (given[i], positions[i], given[i].OccurredAt ?? now);
            if (position < 0) continue;
            var preference = EventWeights.Of(weights[entry.Type ?? HistoryEvent.DefaultType], ValueOf(entry), (newest - at).TotalDays,
                shares[i]);
            Merge(position, preference, at.ToUnixTimeSeconds(), order: i + 1);
        }
    }

    private void Merge(int position, Preference preference, long atSeconds, int order)
    {
        int at = 0;
        while (at < _length && _history[at].Item != position) at++;
        if (at == _length)
        {
            Add(position, (float)preference.Weight, (float)preference.Target, atSeconds, order);
            return;
        }

        var sum = new Preference(_history[at].Weight, _history[at].Target).Add(preference);
        _history[at] = new HistoryEntry(position, (float)sum.Weight, (float)sum.Target);
        _times[at] = Math.Max(_times[at], atSeconds);
        _recencies[at] = Math.Max(_recencies[at], Recency(atSeconds, order));
    }

    private static long Recency(long atSeconds, int order) => (atSeconds << 24) + order;

    /// <param name="order">Among entries of one second: higher for newer ones.</param>
    private void Add(int position, float weight, float target, long atSeconds, int order)
    {
        if (_length == _history.Length)
        {
            Array.Resize(ref _history, _length * 2);
            Array.Resize(ref _times, _length * 2);
            Array.Resize(ref _recencies, _length * 2);
        }

        _times[_length] = atSeconds;
        _recencies[_length] = Recency(atSeconds, order);
        _history[_length++] = new HistoryEntry(position, weight, target);
    }

    /// <summary>Puts what the model knows first, for fold-in and explanation.</summary>
    /// <returns>False when nothing positive is known on items of the model.</returns>
    private bool Partition(ServingModel model)
    {
        bool isPositive = false;
        for (int i = 0; i < _length; i++)
        {
            var entry = _history[i];
            if (entry.Item >= model.ItemCount || !(entry.Weight > 0)) continue;
            isPositive |= entry.Target > 0;
            (_history[_usableLength], _history[i]) = (entry, _history[_usableLength]);
            (_times[_usableLength], _times[i]) = (_times[i], _times[_usableLength]);
            (_recencies[_usableLength], _recencies[i]) = (_recencies[i], _recencies[_usableLength]);
            _usableLength++;
        }

        return isPositive;
    }

    /// <summary>Computes factor and item–item term: the stored factor if it is of this model and holds all of the history, else by
    /// fold-in.</summary>
    private void Resolve(ServingModel model, in UserStateView stored, bool isStoredAll)
    {
        if (model.Learned.UsesPlaces) Places.Set(_history.AsSpan(0, _usableLength), _times);
        _rank = model.Rank;
        var factor = Scratch.EnsureCapacity(ref _factor, _rank);
        if (isStoredAll && stored.ModelVersion == model.Version && stored.Factor.Length == _rank) stored.Factor.CopyTo(factor);
        else model.Learned.FoldIn(UsableHistory, factor);
        if (model.Learned.Neighbours is { } neighbours) Term.Add(neighbours, UsableHistory);
    }

    private void NoteNewest()
    {
        for (int i = 0; i < _length; i++)
            if (_history[i].Target > 0 && _history[i].Weight > 0) Stream.Note(i, _history[i].Item, _recencies[i]);
    }

    /// <summary>A value as events are stored: a 32-bit number, NaN where there is none.</summary>
    private static float ValueOf(HistoryEvent entry) => (float)(entry.Value ?? double.NaN);
}
