namespace Recommender.Factorization.Sessions;

/// <summary>The terms of one item's score for one history.</summary>
/// <param name="Encoder">Score of the encoder.</param>
/// <param name="Rules">Share of the sum of all items' scores by transitions, 0..1.</param>
/// <param name="Neighbours">Share of the sum of all items' scores by neighbours, 0..1.</param>
/// <param name="Popularity">log(1 + count).</param>
/// <param name="Repeat">1-based position of the item's last occurrence in the history, newest first; 0 for a new item.</param>
internal readonly record struct SessionTerms(float Encoder, float Rules, float Neighbours, float Popularity, int Repeat);
