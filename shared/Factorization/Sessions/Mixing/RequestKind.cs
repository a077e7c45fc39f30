namespace Recommender.Factorization.Sessions.Mixing;

/// <summary>What an answer is based on. The terms of a score count differently for each kind.</summary>
public enum RequestKind
{
    /// <summary>The stored history of a user.</summary>
    Known,

    /// <summary>A session, or a history in the request, and no user's history.</summary>
    Anonymous,

    /// <summary>The stored history of a user and a history in the request.</summary>
    Mixed,
}
