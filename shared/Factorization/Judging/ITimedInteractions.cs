using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>Interactions with times as <see cref="TimeWindows"/> divides them: oldest first, named by their place in that order.</summary>
public interface ITimedInteractions
{
    int Users { get; }

    int Count { get; }

    /// <summary>In any unit that grows.</summary>
    long TimeOf(int interaction);

    int UserOf(int interaction);

    /// <summary>0-based index of the item, or −1 where the item cannot be recommended.</summary>
    int ItemOf(int interaction);

    /// <summary>Whether each of a run of interactions is one that a model is asked to predict; the result starts with that of
    /// <paramref name="from"/>.</summary>
    bool[] PositiveIn(int from, int to);

    /// <summary>What a model learns from the first <paramref name="events"/> interactions, with their times.</summary>
    /// <param name="held">Interactions to leave out as if they had not happened.</param>
    InteractionMatrix Preferences(int events, IReadOnlySet<int>? held = null);
}
