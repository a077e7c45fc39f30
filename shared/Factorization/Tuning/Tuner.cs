using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;

namespace Recommender.Factorization.Tuning;

/// <summary>
/// Searches for a learner and its settings on hold-outs of the training data. It starts with coarse points at a small rank, and then varies
/// one setting at a time from the best of them, with decreasing steps. The best few settings are tried at larger ranks, which take most of
/// the time. Finally popularity, recent popularity and the item–item term are added to the best factors. Every proposal depends only on
/// earlier trials, so a search resumed from its <see cref="TuningState"/> continues without repeating any.
/// </summary>
public static class Tuner
{
    /// <summary>
    /// Number of users in the final, as a multiple of that of a trial. It compares only a few settings, so it can resolve differences of a
    /// few per cent.
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

    /// <param name="holdouts">Splits of the training data: by time if times are known; several random ones for small data, to reduce
    /// noise.</param>
    /// <param name="clock">Elapsed seconds from any starting point.</param>
    /// <param name="resume">A state to resume from; ignored if it belongs to other data.</param>
    /// <param name="progress">Called with the state after each trial.</param>
    /// <param name="finals">Other splits of the training data, for the choice among the best trials. Empty: the hold-outs decide.</param>
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
