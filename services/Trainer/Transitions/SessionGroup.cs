using Recommender.Factorization.Sessions.Pairs;

namespace Recommender.Trainer.Transitions;

/// <summary>Events of one user with one session id, or those without.</summary>
internal sealed class SessionGroup(string? id)
{
    public string? Id => id;

    public bool HasId => id is not null;

    /// <summary>In order. Events that count nothing are left out.</summary>
    public List<SessionEvent> Events { get; } = [];

    /// <summary>Those of <see cref="Events"/> that are purchases, in order.</summary>
    public List<SessionEvent> Purchases { get; } = [];

    /// <summary>Older events were dropped.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Older purchases were dropped.</summary>
    public bool IsBasketTruncated { get; private set; }

    public void Truncate(int length, int basketLength)
    {
        IsTruncated |= Truncate(Events, length);
        IsBasketTruncated |= Truncate(Purchases, basketLength);
    }

    private static bool Truncate(List<SessionEvent> events, int length)
    {
        if (events.Count <= length) return false;
        events.RemoveRange(0, events.Count - length);
        return true;
    }
}
