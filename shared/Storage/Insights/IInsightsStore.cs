namespace Recommender.Storage.Insights;

/// <summary>What came of answers, and the figures of both. Figures are changed in the transactions of what they count.</summary>
public interface IInsightsStore
{
    /// <summary>Sequence of the newest event that was attributed, or found to be no outcome; null before the first.</summary>
    Task<long?> GetAttributedSequenceAsync(CancellationToken cancellationToken);

    /// <summary>Events above a sequence up to another, in their order, at most so many.</summary>
    Task<IReadOnlyList<AttributionEvent>> ReadAttributionEventsAsync(long afterSequence, long upToSequence, int limit,
        CancellationToken cancellationToken);

    /// <summary>
    /// Counts outcomes, each once by its sequence, and records how far attribution has come. Those whose answer is not stored wait for it
    /// until <paramref name="openUntil"/>.
    /// </summary>
    /// <param name="afterSequence">Of <see cref="GetAttributedSequenceAsync"/>.</param>
    /// <returns>False, without a change, if another instance has come further than <paramref name="afterSequence"/> meanwhile.</returns>
    Task<bool> AddOutcomesAsync(IReadOnlyList<Outcome> outcomes, long? afterSequence, long throughSequence, DateTimeOffset openUntil,
        CancellationToken cancellationToken);

    /// <summary>Gives up the outcomes whose answers have not come in time: they were not recorded.</summary>
    Task<int> RemoveOpenOutcomesAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Figures of a time span; hours that it touches count as a whole.</summary>
    /// <param name="placement">Null: all.</param>
    Task<IReadOnlyList<Figures>> ReadFiguresAsync(DateTimeOffset from, DateTimeOffset to, string? placement,
        CancellationToken cancellationToken);

    /// <summary>How often each item was shown on the days of a time span, most often first.</summary>
    /// <param name="placement">Null: all.</param>
    Task<IReadOnlyList<double>> ReadShowingsAsync(DateTimeOffset from, DateTimeOffset to, string? placement,
        CancellationToken cancellationToken);
}
