namespace Recommender.ServiceDefaults.Requests;

/// <summary>Maps exceptions of libraries without HTTP to problems.</summary>
public sealed class ProblemOptions
{
    private readonly List<Func<Exception, Problem?>> _mappings = [];

    /// <summary>Registers the problem for an exception type. The first matching mapping is used.</summary>
    public void Map<TException>(Func<TException, Problem> problem)
        where TException : Exception =>
        _mappings.Add(exception => exception is TException match ? problem(match) : null);

    internal Problem? Find(Exception exception)
    {
        foreach (var mapping in _mappings) if (mapping(exception) is { } problem) return problem;
        return null;
    }
}
