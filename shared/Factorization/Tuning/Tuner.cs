using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;

namespace Recommender.Factorization.Tuning;

/// <summary>
/// Finds a learner and its settings on hold-outs of the training data. Coarse points at a short rank first, then steps along one setting at
/// a
/// time from the best of them, with ever smaller steps; the best few go on to longer ranks, and most of the time to the longest; then what
/// is
/// popular, what is popular of late and the item–item term beside the best factors. Every proposal depends on earlier trials alone, so a
/// search resumed from its <see cref="TuningState"/> repeats none of them and continues.
/// </summary>
public static class Tuner
{
    /// <summary>
    /// Users judged in the final, as a multiple of those of a trial: it judges a handful of settings, so that it can afford to tell apart
    /// the few per
    /// cent between the best of each kind.
    /// </summary>
    private const int FinalUsers = 8;

    /// <inheritdoc cref="Run(IReadOnlyList{Split}, TuningOptions, Func{double}, TuningState?, Action{TuningState}?, IReadOnlyList{Split}?,
    /// CancellationToken)"/>
    /// <param name="splits">The hold-outs and finals of the data, from <see cref="TimeWindows.ForSearch"/> or
    /// <see cref="RandomSplits.ForSearch"/>.</param>
    public static TuningState Run(
        SearchSplits splits, TuningOptions options, Func<double> clock,
        TuningState? resume = null, Action<TuningState>? progress = null, CancellationToken cancellation = default) =>
        Run(splits.Holdouts, options, clock, resume, progress, splits.Finals, cancellation);

    /// <param name="holdouts">
    /// Splits of the training data: one by time where there are times; several at random for small data, to steady the scores.
    /// </param>
    /// <param name="clock">Seconds since any moment.</param>
    /// <param name="resume">A state to resume from; ignored if it belongs to other data.</param>
    /// <param name="progress">Is given the state after each trial, to keep and to show.</param>
    /// <param name="finals">Splits of the training data other than the hold-outs, to choose among the best by; empty: the hold-outs
    /// decide.</param>
    /// <exception cref="ArgumentException">No hold-out, or none with test items.</exception>
    public static TuningState Run(
        IReadOnlyList<Split> holdouts, TuningOptions options, Func<double> clock,
        TuningState? resume = null, Action<TuningState>? progress = null, IReadOnlyList<Split>? finals = null,
            CancellationToken cancellation = default)
    {
        options.Validate();
        if (holdouts.Count == 0 || holdouts.Any(h => h.Test.Columns.Length == 0))
            throw new ArgumentException(
                "Tuning needs hold-outs with test items: there is too little data to choose by; use the default settings.",
                    nameof(holdouts));
        if (finals is not { Count: > 0 }) return Search(options);
        var state = Search(options with { BudgetSeconds = options.BudgetSeconds * (1 - TuningFinal.Share) });
        var known = resume?.Data == state.Data ? resume.Finals : [];
        var final = new TuningFinal([.. finals.Select(f => HoldoutSample.Limit(f, FinalUsers * options.MaxUsers))], options, clock,
            cancellation);
        final.Run(state.Trials, known, state.SecondsSpent, options.BudgetSeconds, judged =>
        {
            state = state with { Finals = judged };
            progress?.Invoke(state);
        });
        return state;

        TuningState Search(TuningOptions within)
        {
            var search = new TuningSearch([.. holdouts.Select(h => HoldoutSample.Limit(h, Math.Max(options.MaxUsers / holdouts.Count, 1)))],
                within, clock, resume, progress, cancellation);
            search.Run();
            return search.State;
        }
    }
}
