using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>Interactions with times, for <see cref="TimeWindows"/>: oldest first, numbered in this order.</summary>
public interface ITimedInteractions
{
    int Users { get; }

    int Count { get; }

    /// <summary>Time of an interaction, in any unit.</summary>
    long TimeOf(int interaction);

    int UserOf(int interaction);

    /// <summary>0-based index of the item; −1 if the item cannot be recommended.</summary>
    int ItemOf(int interaction);

    /// <summary>
    /// Whether each interaction from <paramref name="from"/> to <paramref name="to"/> − 1 is positive, that is, to be predicted.
    /// </summary>
    bool[] PositiveIn(int from, int to);

    /// <summary>Training data of the first <paramref name="events"/> interactions, with their times.</summary>
    /// <param name="held">Interactions to leave out.</param>
    InteractionMatrix Preferences(int events, IReadOnlySet<int>? held = null);
}
