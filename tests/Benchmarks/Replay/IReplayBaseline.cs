namespace Recommender.Benchmarks.Replay;

/// <summary>A plain recommender that follows the same clicks as the product.</summary>
internal interface IReplayBaseline
{
    /// <summary>Name in the figures.</summary>
    string Name { get; }

    /// <param name="session">The items of the click's session before it, oldest first.</param>
    void Learn(ReplayClick click, IReadOnlyList<int> session);

    /// <summary>Called whenever the product trains.</summary>
    void Retrain();

    /// <summary>Adds the scores of items that may follow.</summary>
    /// <param name="session">Items so far, oldest first, at least one.</param>
    void Score(IReadOnlyList<int> session, Dictionary<int, double> scores);
}
