using System.Numerics.Tensors;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Retrieval;
using Recommender.ServiceDefaults;

namespace Recommender.Recommend.Answering;

/// <summary>
/// Users of like taste: cosine of factors among a bounded sample of the users this instance served lately. Factors of users live in the
/// factor store under their names and are not searchable there; the sample is what is honest to offer without a second index.
/// </summary>
/// <remarks>
/// Each user has one place in the sample, chosen by a hash of the id; a later user with the same place takes it. Who is found is looked
/// up in the factor store again, so that an erased user is never named.
/// </remarks>
internal sealed class SimilarUsers(Serving.Serving serving, IFactorStore store, TimeProvider clock)
{
    private const int Places = 8192;

    /// <summary>Users taken in per second at most: keeps the request path free of copying.</summary>
    private const int NotesPerSecond = 500;

    private static readonly TimeSpan s_keep = TimeSpan.FromHours(1);

    private readonly Entry?[] _sample = new Entry?[Places];
    private long _second;
    private int _notesLeft;

    /// <summary>Notes a user that was served, with their value in the factor store.</summary>
    public void Note(string userId, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return;
        long second = Environment.TickCount64 / 1000;
        if (Volatile.Read(ref _second) != second)
        {
            Volatile.Write(ref _second, second);
            Volatile.Write(ref _notesLeft, NotesPerSecond);
        }

        if (Volatile.Read(ref _notesLeft) <= 0 || Interlocked.Decrement(ref _notesLeft) < 0) return;
        if (!UserStateView.TryRead(value, out var view) || view.Factor.IsEmpty) return;
        ref var place = ref _sample[Place(userId)];
        var present = Volatile.Read(ref place);
        if (present is not null && present.UserId == userId && present.Revision == view.Revision && present.ModelVersion == view.ModelVersion) return;
        Volatile.Write(ref place, new Entry(userId, view.Revision, view.ModelVersion, view.Factor.ToArray(), clock.GetUtcNow()));
    }

    /// <summary>Drops an erased user.</summary>
    public void Forget(string userId)
    {
        ref var place = ref _sample[Place(userId)];
        var present = Volatile.Read(ref place);
        if (present?.UserId == userId) Interlocked.CompareExchange(ref place, null, present);
    }

    /// <param name="value">The asking user's value.</param>
    /// <exception cref="ProblemException">The factor store is gone: nothing can be said of users.</exception>
    public async Task<SimilarUsersResponse> FindAsync(string userId, PooledValue value, int count, CancellationToken cancellationToken)
    {
        if (serving.FactorStoreProblem is { } problem) throw new ProblemException(Problem.Unavailable("Users cannot be read: " + problem));
        var state = serving.State;
        if (state.Model is not { } model) return new SimilarUsersResponse { Users = [] };
        var users = new List<SimilarUser>();
        foreach (var (entry, score) in Nearest(userId, value.Span, model.Version, model.Rank, count * 2))
        {
            if (users.Count == count) break;
            cancellationToken.ThrowIfCancellationRequested();
            if (await store.GetUserAsync(UserRef.User(entry.UserId)) is null) Forget(entry.UserId);
            else users.Add(new SimilarUser { UserId = entry.UserId, Score = score });
        }

        return new SimilarUsersResponse { ModelVersion = model.Version, Users = users };
    }

    private List<(Entry Entry, float Score)> Nearest(string userId, ReadOnlySpan<byte> value, long version, int rank, int count)
    {
        var found = new List<(Entry, float)>();
        if (!UserStateView.TryRead(value, out var view) || view.ModelVersion != version || view.Factor.Length != rank || TensorPrimitives.Norm(view.Factor) == 0) return found;
        var oldest = clock.GetUtcNow() - s_keep;
        var best = new ScoredItem[Math.Min(count, Places)];
        var top = new TopK(best);
        var entries = new Entry?[Places];
        for (int i = 0; i < Places; i++)
        {
            if (Volatile.Read(ref _sample[i]) is not { } entry || entry.UserId == userId || entry.ModelVersion != version || entry.Factor.Length != rank || entry.At < oldest) continue;
            entries[i] = entry;
            top.Add(i, TensorPrimitives.CosineSimilarity(view.Factor, entry.Factor));
        }

        int n = top.Finish();
        for (int i = 0; i < n; i++) found.Add((entries[best[i].Item]!, best[i].Score));
        return found;
    }

    private static int Place(string userId) => (int)((uint)string.GetHashCode(userId) % Places);

    private sealed record Entry(string UserId, long Revision, long ModelVersion, float[] Factor, DateTimeOffset At);
}
