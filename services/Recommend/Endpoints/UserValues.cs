using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Endpoints;

/// <summary>
/// Reads the values of users and sessions from the factor store. While the store is gone nothing is known of anyone, and answers come from
/// memory.
/// </summary>
internal sealed class UserValues(ServingIndexes serving, IFactorStore store)
{
    /// <summary>
    /// Starts to read a value. A failure surfaces as <see cref="FactorStoreUnavailableException"/>, for <see cref="MarkStoreUnavailable"/>.
    /// </summary>
    public ValueTask<PooledValue> StartReading(UserRef user) => serving.FactorStoreProblem is null ? store.LeaseUserAsync(user) : default;

    /// <summary>Reads a value; none while the store is gone.</summary>
    public async ValueTask<PooledValue> ReadAsync(UserRef user)
    {
        try
        {
            return await StartReading(user);
        }
        catch (FactorStoreUnavailableException e)
        {
            MarkStoreUnavailable(e);
            return default;
        }
    }

    /// <summary>Reads the value of the user that a request names, if it names one.</summary>
    public ValueTask<PooledValue> ReadUserAsync(Request request) =>
        request.UserId is { } userId ? ReadAsync(UserRef.User(userId)) : default;

    /// <summary>Reads the value of a request's session where it takes the place of the user's: the model cannot use that.</summary>
    public ValueTask<PooledValue> ReadSessionAsync(Request request, PooledValue user) =>
        NeedsSession(request, user) ? ReadAsync(UserRef.Session(request.SessionId!)) : default;

    public bool NeedsSession(Request request, PooledValue user) =>
        request.SessionId is not null && !Profile.IsUsable(serving.State, user.Span);

    /// <summary>From here on requests do not ask the factor store, until the refresher finds it again.</summary>
    public void MarkStoreUnavailable(FactorStoreUnavailableException e) => serving.MarkStoreUnavailable(e);
}
