using Recommender.FactorStore.Users;
using Recommender.Retrieval;

namespace Recommender.Recommend.Answering;

/// <summary>
/// The users with a factor of one model, found by cosine. Filled and kept current by passes over all users of the factor store: what a pass
/// does not list goes at its end. Any thread may search and forget while one thread passes.
/// </summary>
/// <remarks>
/// Of more users than the limit, a fixed sample is held: those whose ids' hash ends in as many zeros as it takes, the same on every
/// instance.
/// </remarks>
internal sealed class UserIndex(long modelVersion, int rank, int usersLimit)
{
    private readonly Lock _changing = new();
    private readonly CosineIndex _vectors = new(rank);
    private readonly Dictionary<string, int> _rowOf = new(StringComparer.Ordinal);
    private readonly Stack<int> _free = [];

    /// <summary>Users erased since the pass under way began, which may have read them before.</summary>
    private readonly HashSet<string> _forgotten = new(StringComparer.Ordinal);

    private string?[] _ids = new string?[1024];
    private byte[] _passOf = new byte[1024];
    private byte _pass;
    private int _sampleBits;

    public long ModelVersion => modelVersion;

    public int Rank => rank;

    /// <summary>Whether a pass has been completed.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Users whose factor was of another model in the pass under way, or the last one.</summary>
    public int OfOtherModels { get; private set; }

    public int Count
    {
        get
        {
            lock (_changing) return _rowOf.Count;
        }
    }

    /// <summary>One user of this many is held; 1 while all are.</summary>
    public int SampledOneOf => 1 << _sampleBits;

    public void BeginPass()
    {
        lock (_changing)
        {
            _pass++;
            _forgotten.Clear();
            OfOtherModels = 0;
            if (_sampleBits > 0 && _rowOf.Count < usersLimit / 4) _sampleBits--;
        }
    }

    public void Put(IReadOnlyList<UserFactor> users)
    {
        lock (_changing)
        {
            foreach (var user in users)
            {
                if (user.TryRead(modelVersion, rank, out var factor)) Put(user.UserId, factor);
                else if (user.ModelVersion != modelVersion) OfOtherModels++;
            }
        }
    }

    public void EndPass()
    {
        lock (_changing)
        {
            RemoveWhere((_, row) => _passOf[row] != _pass);
            IsComplete = true;
        }
    }

    /// <summary>Drops an erased user, and keeps the pass under way from bringing them back.</summary>
    public void Forget(string userId)
    {
        lock (_changing)
        {
            _forgotten.Add(userId);
            if (_rowOf.Remove(userId, out int row)) Release(row);
        }
    }

    public bool Contains(string userId)
    {
        lock (_changing) return _rowOf.ContainsKey(userId);
    }

    /// <summary>Users whose factors are nearest by the index's approximation, nearest first.</summary>
    public List<string> Search(ReadOnlySpan<float> factor, int count)
    {
        var results = new ScoredItem[count];
        int found = _vectors.Search(factor, results);
        var users = new List<string>(found);
        var ids = Volatile.Read(ref _ids);
        for (int i = 0; i < found; i++)
            if (results[i].Item < ids.Length && Volatile.Read(ref ids[results[i].Item]) is { } userId) users.Add(userId);
        return users;
    }

    private void Put(string userId, ReadOnlySpan<float> factor)
    {
        if (!IsSampled(userId) || _forgotten.Contains(userId)) return;
        if (!_rowOf.TryGetValue(userId, out int row))
        {
            while (_rowOf.Count >= usersLimit)
            {
                _sampleBits++;
                RemoveWhere((id, _) => !IsSampled(id));
                if (!IsSampled(userId)) return;
            }

            row = _free.TryPop(out int free) ? free : _rowOf.Count;
            if (row >= _ids.Length) Grow();
            _rowOf[userId] = row;
            Volatile.Write(ref _ids[row], userId);
        }

        _vectors.Put(row, factor);
        _passOf[row] = _pass;
    }

    private void Grow()
    {
        var ids = new string?[_ids.Length * 2];
        _ids.CopyTo(ids, 0);
        Volatile.Write(ref _ids, ids);
        Array.Resize(ref _passOf, ids.Length);
    }

    private void RemoveWhere(Func<string, int, bool> isGone)
    {
        foreach (var (userId, row) in _rowOf)
        {
            if (!isGone(userId, row)) continue;
            _rowOf.Remove(userId);
            Release(row);
        }
    }

    private void Release(int row)
    {
        _vectors.Remove(row);
        Volatile.Write(ref _ids[row], null);
        _free.Push(row);
    }

    /// <summary>By FNV-1a of the id.</summary>
    private bool IsSampled(string userId)
    {
        if (_sampleBits == 0) return true;
        uint hash = 2166136261;
        foreach (char c in userId) hash = (hash ^ c) * 16777619;
        hash ^= hash >> 15; // The lowest bits alone depend on too little.
        return (hash & ((1u << _sampleBits) - 1)) == 0;
    }
}
