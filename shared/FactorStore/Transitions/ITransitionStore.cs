namespace Recommender.FactorStore.Transitions;

/// <summary>
/// Transition rows by item key, with a feed of changes. A row never replaces one of a higher revision. Revisions are compared by
/// <see cref="TransitionRowRecord.Recount"/>, then by <see cref="TransitionRowRecord.Sequence"/>.
/// </summary>
/// <remarks>Failures surface as <see cref="FactorStoreUnavailableException"/>.</remarks>
public interface ITransitionStore
{
    /// <summary>Null when the rows are absent or incomplete, which asks for a rebuild.</summary>
    Task<TransitionWatermark?> GetTransitionWatermarkAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Writes rows. With a watermark, only while the factor store has rows of its generation; the watermark there is raised together with
    /// the last rows, unless a row was refused because the one there was counted later. Up to 200 rows are one round trip and
    /// one atomic step.
    /// </summary>
    Task<TransitionWrite> PutTransitionsAsync(IReadOnlyList<TransitionRowRecord> rows, TransitionWatermark? watermark,
        CancellationToken cancellationToken);

    /// <summary>Marks the rows as complete, unless they are under another generation than the replaced one. Returns what then
    /// holds.</summary>
    /// <param name="replaced">Null: there should be none.</param>
    Task<TransitionWatermark> CompleteTransitionsAsync(TransitionWatermark watermark, string? replaced,
        CancellationToken cancellationToken);

    /// <summary>Removes all rows, the generation, the watermark and the score mix.</summary>
    Task ClearTransitionsAsync(CancellationToken cancellationToken);

    /// <summary>The rows of these items. Items without one are left out.</summary>
    Task<IReadOnlyList<TransitionRowRecord>> ReadTransitionsAsync(IReadOnlyCollection<int> itemKeys, CancellationToken cancellationToken);

    /// <summary>
    /// The current rows of items changed after a position, at most <paramref name="limit"/> (1..2000), in order of change. From 0 it yields
    /// all rows. After a change of <see cref="TransitionChanges.Generation"/>, read again from 0.
    /// </summary>
    Task<TransitionChanges> ReadTransitionChangesAsync(long afterPosition, int limit, CancellationToken cancellationToken);

    /// <summary>Writes the score mix: how much each term of a score counts. A mix never replaces one of a higher number.</summary>
    /// <param name="number">Orders mixes: the sequence up to which events decided it.</param>
    /// <param name="mix">As <c>ScoreMix.Write</c> writes it.</param>
    Task PutScoreMixAsync(long number, ReadOnlyMemory<byte> mix, CancellationToken cancellationToken);

    /// <summary>
    /// Calls <paramref name="changed"/> soon after rows or the mix have changed, until the token is cancelled. A call may be missed while a
    /// connection is lost: it only saves the time until the next poll.
    /// </summary>
    Task WatchTransitionsAsync(Action changed, CancellationToken cancellationToken);
}
