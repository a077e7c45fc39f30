using System.Text.Json;
using Recommender.Factorization.Judging;

namespace Recommender.Factorization;

public sealed record TuningOptions
{
    /// <summary>Seconds of training and judging to spend; a trial that has begun is finished.</summary>
    public double BudgetSeconds { get; init; } = 300;

    /// <summary>Longest factor to try, 8..2048.</summary>
    public int MaxRank { get; init; } = 128;

    /// <summary>Whether an item–item term beside (or in place of) factors may win. Without it, models are factors alone.</summary>
    public bool AllowNeighbourhood { get; init; } = true;

    /// <summary>Users judged per trial, all hold-outs together, evenly chosen; more are slower and less noisy. In the final more on each split.</summary>
    public int MaxUsers { get; init; } = 4000;

    public int K { get; init; } = 20;

    public int Threads { get; init; } = Environment.ProcessorCount;

    internal void Validate()
    {
        if (!(BudgetSeconds > 0)) throw new ArgumentException($"BudgetSeconds is {BudgetSeconds}; it must be above 0.");
        if (MaxRank is < 8 or > 2048) throw new ArgumentException($"MaxRank is {MaxRank}; it must be in 8..2048.");
        if (MaxUsers < 1) throw new ArgumentException($"MaxUsers is {MaxUsers}; it must be at least 1.");
    }
}

/// <summary>One line of the progress table.</summary>
/// <param name="Asked">Settings as proposed.</param>
/// <param name="Settings">Settings as judged: epochs are those at which the score was best.</param>
/// <param name="Score">Geometric mean of the hold-outs' mean recall and NDCG: what tuning maximises.</param>
/// <param name="Curve">Score after each epoch, for learners that have them.</param>
/// <param name="Spread">How far a user's scores lie apart (standard deviation over items): the scale on which terms are added.</param>
/// <param name="First">
/// Score on the first hold-out alone. 0 when that was so far behind that the others were not asked: the other figures are then those of the first
/// hold-out, scaled as the best trial's scores differ between it and all.
/// </param>
public sealed record Trial(int Number, string Stage, LearnerSettings Asked, LearnerSettings Settings, double Score, double Recall, double Ndcg, double Seconds, IReadOnlyList<double> Curve, double Spread = 1, double First = 0)
{
    /// <summary>In the final: which of its splits.</summary>
    public int Split { get; init; }
}

/// <summary>All that tuning has learned so far; with it, and the same data and options, tuning goes on where it stopped.</summary>
public sealed record TuningState(string Data, IReadOnlyList<Trial> Trials)
{
    /// <summary>The best of each kind as judged again, on splits that the search has not seen, in order; their scores are not comparable with the trials'.</summary>
    public IReadOnlyList<Trial> Finals { get; init; } = [];

    public double SecondsSpent => Trials.Sum(t => t.Seconds) + Finals.Sum(t => t.Seconds);

    public Trial? Best => BestOf(_ => true);

    /// <summary>The best of some trials: by the mean of the final where it has judged one of them, on as many splits as any; else by the hold-outs.</summary>
    public Trial? BestOf(Func<Trial, bool> which) => TuningFinal.Means(Finals.Where(which)).MaxBy(t => t.Score) ?? Trials.Where(which).MaxBy(t => t.Score);

    public string ToJson() => JsonSerializer.Serialize(this, Learners.Json);

    /// <exception cref="JsonException">Not a state.</exception>
    public static TuningState FromJson(string json) =>
        JsonSerializer.Deserialize<TuningState>(json, Learners.Json) ?? throw new JsonException("The tuning state is missing.");
}

/// <summary>
/// Finds a learner and its settings on hold-outs of the training data. Coarse points at a short rank first, then steps along one setting at a
/// time from the best of them, with ever smaller steps; the best few go on to longer ranks, and most of the time to the longest; then what is
/// popular, what is popular of late and the item–item term beside the best factors. Every proposal depends on earlier trials alone, so a
/// search resumed from its <see cref="TuningState"/> repeats none and goes on.
/// </summary>
public static class Tuning
{
    /// <summary>
    /// Users judged in the final, as a multiple of those of a trial: it judges a handful of settings, so that it can afford to tell apart the few per
    /// cent between the best of each kind.
    /// </summary>
    private const int FinalUsers = 8;

    /// <inheritdoc cref="Run(IReadOnlyList{Split}, TuningOptions, Func{double}, TuningState?, Action{TuningState}?, IReadOnlyList{Split}?, CancellationToken)"/>
    /// <param name="splits">The hold-outs and finals of the data, from <see cref="TimeWindows.ForSearch"/> or <see cref="RandomSplits.ForSearch"/>.</param>
    public static TuningState Run(
        SearchSplits splits, TuningOptions options, Func<double> clock,
        TuningState? resume = null, Action<TuningState>? progress = null, CancellationToken cancellation = default) =>
        Run(splits.Holdouts, options, clock, resume, progress, splits.Finals, cancellation);

    /// <param name="holdouts">
    /// Splits of the training data: one by time where there are times; several at random for small data, to steady the scores.
    /// </param>
    /// <param name="clock">Seconds since any moment.</param>
    /// <param name="resume">A state to go on from; ignored when it belongs to other data.</param>
    /// <param name="progress">Is given the state after each trial, to keep and to show.</param>
    /// <param name="finals">Splits of the training data other than the hold-outs, to choose among the best by; empty: the hold-outs decide.</param>
    /// <exception cref="ArgumentException">No hold-out, or none with test items.</exception>
    public static TuningState Run(
        IReadOnlyList<Split> holdouts, TuningOptions options, Func<double> clock,
        TuningState? resume = null, Action<TuningState>? progress = null, IReadOnlyList<Split>? finals = null, CancellationToken cancellation = default)
    {
        options.Validate();
        if (holdouts.Count == 0 || holdouts.Any(h => h.Test.Columns.Length == 0))
            throw new ArgumentException("Tuning needs hold-outs with test items: there is too little data to choose by; use the default settings.", nameof(holdouts));
        if (finals is not { Count: > 0 }) return Search(options);
        var state = Search(options with { BudgetSeconds = options.BudgetSeconds * (1 - TuningFinal.Share) });
        var known = resume?.Data == state.Data ? resume.Finals : [];
        var final = new TuningFinal([.. finals.Select(f => HoldoutSample.Limit(f, FinalUsers * options.MaxUsers))], options, clock, cancellation);
        final.Run(state.Trials, known, state.SecondsSpent, options.BudgetSeconds, judged =>
        {
            state = state with { Finals = judged };
            progress?.Invoke(state);
        });
        return state;

        TuningState Search(TuningOptions within)
        {
            var search = new TuningSearch([.. holdouts.Select(h => HoldoutSample.Limit(h, Math.Max(options.MaxUsers / holdouts.Count, 1)))], within, clock, resume, progress, cancellation);
            search.Run();
            return search.State;
        }
    }
}
