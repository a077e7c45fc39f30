namespace Recommender.ServiceDefaults.Requests;

/// <summary>Ends the request with a <see cref="Recommender.ServiceDefaults.Requests.Problem"/>.</summary>
public sealed class ProblemException(Problem problem) : Exception(problem.Detail ?? problem.Title)
{
    public Problem Problem { get; } = problem;
}
