using Recommender.ServiceDefaults.Requests;

namespace Recommender.Trainer.Endpoints;

/// <summary>The parameter <c>limit</c> of lists.</summary>
internal static class ListLimit
{
    private const int Max = 1000;

    /// <summary>The problem of an invalid limit; null for a valid or missing one.</summary>
    public static Problem? ErrorOf(int? limit) =>
        limit is < 1 or > Max ? Problem.InvalidField("limit", $"must be between 1 and {Max}") : null;
}
