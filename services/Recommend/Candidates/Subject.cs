using Recommender.Contracts;

namespace Recommender.Recommend.Candidates;

/// <summary>Whom an answer is for, and what the factor store holds of them.</summary>
internal readonly ref struct Subject
{
    /// <summary>The user, or the session where no user is named; null for an answer to a given history alone.</summary>
    public UserRef? Reference { get; init; }

    /// <summary>The user's value in the factor store; empty when there is none.</summary>
    public ReadOnlySpan<byte> User { get; init; }

    /// <summary>The session's value, which takes the place of the user's; empty where the user's is to be used.</summary>
    public ReadOnlySpan<byte> Session { get; init; }

    /// <summary>The value whose own items are listed: the user's, if there is one.</summary>
    public ReadOnlySpan<byte> Own => User.IsEmpty ? Session : User;
}
