namespace Recommender.Factorization.Sessions;

/// <summary>The terms of one item's score for one history.</summary>
/// <param name="Encoder">Score of the encoder; 0 for an item that it was not trained on.</param>
/// <param name="Rules">Share of the sum of all items' scores by transitions, evicted ones included, 0..1.</param>
/// <param name="Neighbours">Share of the sum of all items' scores by neighbours, 0..1.</param>
/// <param name="Popularity">log(1 + count).</param>
/// <param name="Repeat">1-based position of the item's last occurrence in the history, newest first; 0 for a new item.</param>
public readonly record struct SessionTerms(
    float Encoder = 0, float Rules = 0, float Neighbours = 0, float Popularity = 0, int Repeat = 0)
{
    /// <summary>Score of the served model; 0 for an item that it does not contain.</summary>
    public float Model { get; init; }

    /// <summary>Share of all events, decayed with <see cref="Mixing.SessionMix.HoursMs"/>, 0..1.</summary>
    public float RecentHours { get; init; }

    /// <summary>Share of all events, decayed with <see cref="Mixing.SessionMix.DayMs"/>, 0..1.</summary>
    public float RecentDay { get; init; }

    /// <summary>Share of all events, decayed with <see cref="Mixing.SessionMix.WeekMs"/>, 0..1.</summary>
    public float RecentWeek { get; init; }
}
