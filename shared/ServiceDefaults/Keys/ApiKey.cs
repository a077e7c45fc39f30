using Recommender.ServiceDefaults.Requests;

namespace Recommender.ServiceDefaults.Keys;

/// <summary>A configured key with its token bucket.</summary>
internal sealed class ApiKey(string id, HashedKey hashed, string[] scopes, int requestsPerSecond, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private double _tokens = 2.0 * requestsPerSecond;
    private long _filledAt = clock.GetTimestamp();

    public string Id => id;

    public HashedKey Hashed => hashed;

    public int RequestsPerSecond => requestsPerSecond;

    public bool Allows(IReadOnlyList<ScopeMetadata> required)
    {
        if (Array.IndexOf(scopes, Scopes.Admin) >= 0) return true;
        foreach (var scope in required) if (Array.IndexOf(scopes, scope.Scope) >= 0) return true;
        return false;
    }

    /// <summary>
    /// Takes one request from the bucket, whose capacity is two seconds of requests. If it is empty, returns false and the seconds until
    /// the next request, rounded up.
    /// </summary>
    public bool TryTake(out int retryAfterSeconds)
    {
        lock (_lock)
        {
            long now = clock.GetTimestamp();
            _tokens = Math.Min(2.0 * requestsPerSecond, _tokens + clock.GetElapsedTime(_filledAt, now).TotalSeconds * requestsPerSecond);
            _filledAt = now;
            retryAfterSeconds = 0;
            if (_tokens >= 1)
            {
                _tokens -= 1;
                return true;
            }

            retryAfterSeconds = Math.Max(1, (int)Math.Ceiling((1 - _tokens) / requestsPerSecond));
            return false;
        }
    }
}
