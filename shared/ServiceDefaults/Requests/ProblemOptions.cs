namespace Recommender.ServiceDefaults.Requests;

/// <summary>How exceptions of libraries without HTTP are answered.</summary>
public sealed class ProblemOptions
{
    private readonly List<Func<Exception, Problem?>> _mappings = [];

    /// <summary>Registers an answer for an exception type. The first mapping that fits is taken.</summary>
    public void Map<TException>(Func<TException, Problem> problem)
        where TException : Exception =>
        _mappings.Add(exception => exception is TException match ? problem(match) : null);

    internal Problem? Find(Exception exception)
    {
        foreach (var mapping in _mappings) if (mapping(exception) is { } problem) return problem;
        return null;
    }
}
