using System.Numerics.Tensors;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Answering;

/// <summary>
/// Users with similar taste: the largest cosine of factors. Candidates come from the index of all users and are scored by their factors as
/// they are in the factor store now, so that scores are exact and a user who was erased is never named.
/// </summary>
internal sealed class SimilarUsers(ServingIndexes serving, IFactorStore store, UserIndexer indexer, Engine engine,
    WorkspacePool workspaces)
{
    /// <summary>False where a setting switches similar users off.</summary>
    public bool IsOffered => indexer.IsOffered;

    /// <summary>Users in this instance's index now.</summary>
    public int Indexed => indexer.Users;

    /// <summary>Drops an erased user.</summary>
    public void Forget(string userId) => indexer.Forget(userId);

    /// <summary>Users asked of the index for so many wanted: its approximation orders some wrongly, and some may be gone.</summary>
    internal static int Candidates(int count) => (2 * count) + 80;

    /// <param name="value">The asking user's value.</param>
    /// <exception cref="SimilarUsersUnavailableException">The factor store is gone, or the index is not there.</exception>
    public async Task<SimilarUsersResponse> FindAsync(string userId, PooledValue value, int count, CancellationToken cancellationToken)
    {
        if (serving.FactorStoreProblem is { } problem) throw Unavailable(problem);
        var state = serving.State;
        if (state.Model is not { } model) return new SimilarUsersResponse { Users = [] };
        float[] factor = FactorOf(state, value.Span);
        if (factor.Length == 0) return new SimilarUsersResponse { ModelVersion = model.Version, Users = [] };
        var index = await indexer.GetAsync(model.Version, cancellationToken);
        try
        {
            for (int wanted = Candidates(count); ; wanted *= 4)
            {
                var candidates = index.Search(factor, wanted);
                bool isAll = candidates.Count < wanted;
                candidates.Remove(userId);
                var users = await ScoreAsync(candidates, factor, model.Version, cancellationToken);
                if (users.Count >= count || isAll)
                    return new SimilarUsersResponse { ModelVersion = model.Version, Users = users[..Math.Min(count, users.Count)] };
            }
        }
        catch (FactorStoreUnavailableException e)
        {
            throw Unavailable(e.Message);
        }
    }

    /// <summary>Those of the candidates who have a factor of the model, nearest first, equal ones by id.</summary>
    private async Task<List<SimilarUser>> ScoreAsync(List<string> candidates, float[] factor, long modelVersion,
        CancellationToken cancellationToken)
    {
        var users = new List<SimilarUser>(candidates.Count);
        foreach (var user in await store.GetUserFactorsAsync(candidates, factor.Length, cancellationToken))
        {
            if (!user.TryRead(modelVersion, factor.Length, out var other)) continue;
            float score = TensorPrimitives.CosineSimilarity(factor, other);
            if (float.IsFinite(score)) users.Add(new SimilarUser { UserId = user.UserId, Score = score });
        }

        users.Sort(static (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : string.CompareOrdinal(a.UserId, b.UserId));
        return users;
    }

    private float[] FactorOf(ServingState state, ReadOnlySpan<byte> value)
    {
        using var workspace = workspaces.Rent();
        return engine.FactorOf(state, value, workspace).ToArray();
    }

    private static SimilarUsersUnavailableException Unavailable(string problem) =>
        new("Users cannot be read: " + problem, retryAfterSeconds: 1);
}
