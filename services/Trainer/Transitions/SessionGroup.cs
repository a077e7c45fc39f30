using Recommender.Factorization.Sessions.Pairs;

namespace Recommender.Trainer.Transitions;

/// <summary>Events of one user with one session id, or those without.</summary>
internal sealed class SessionGroup(string? id)
{
    public string? Id => id;

    public bool HasId => id is not null;

    /// <summary>In order. Events that count nothing are left out.</summary>
    public List<SessionEvent> Events { get; } = [];

    /// <summary>Older events were dropped.</summary>
    public bool IsTruncated { get; private set; }

    public void Truncate(int length)
    {
        if (Events.Count <= length) return;
        Events.RemoveRange(0, Events.Count - length);
        IsTruncated = true;
    }
}
