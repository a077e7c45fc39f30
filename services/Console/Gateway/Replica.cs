namespace Recommender.WebConsole.Gateway;

/// <summary>One address of a service.</summary>
internal sealed class Replica(Uri address)
{
    private int _requests;
    private volatile bool _isHealthy = true;

    /// <summary>Scheme, host and port.</summary>
    public string Prefix { get; } = address.GetLeftPart(UriPartial.Authority);

    /// <summary>Requests that it has not answered yet.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>False from a failed connection or probe to the next good probe. It then gets requests only if no other is left.</summary>
    public bool IsHealthy => _isHealthy;

    /// <summary>Returns whether that is news.</summary>
    public bool SetHealthy(bool isHealthy)
    {
        bool isNews = _isHealthy != isHealthy;
        _isHealthy = isHealthy;
        return isNews;
    }

    public void Begin() => Interlocked.Increment(ref _requests);

    public void End() => Interlocked.Decrement(ref _requests);
}
