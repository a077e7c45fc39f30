namespace Recommender.Factorization.Sessions.Judging;

/// <summary>Scores every item as the next one of a session. Implementations are immutable and safe for concurrent use.</summary>
public interface ISessionScorer
{
    /// <summary>Number of items.</summary>
    int ItemCount { get; }

    /// <param name="history">Item indices, oldest first; may be empty.</param>
    /// <param name="scores">One per item; is overwritten. Higher is better.</param>
    void Score(ReadOnlySpan<int> history, Span<float> scores);

    /// <summary>The same for several sessions.</summary>
    /// <param name="scores">sessions × items, row-major.</param>
    void ScoreMany(ReadOnlySpan<int[]> histories, Span<float> scores)
    {
        for (int s = 0; s < histories.Length; s++) Score(histories[s], scores.Slice(s * ItemCount, ItemCount));
    }
}
