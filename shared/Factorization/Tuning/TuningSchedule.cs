namespace Recommender.Factorization.Tuning;

/// <summary>
/// By what share of a search's budget each of its stages ends. A stage that has nothing left to propose ends earlier and leaves its time to
/// those
/// after it.
/// </summary>
/// <remarks>Set by judgement, for the reasons below. The benchmarks <c>quality</c> and <c>shapes</c> show what a change of them gains or
/// costs.</remarks>
internal static class TuningSchedule
{
    /// <summary>The item–item term alone: three settings that hardly depend on each other.</summary>
    public const double Neighbourhood = .1;

    /// <summary>iALS at the short rank, where a trial is cheap. Longer ranks start from what is found here.</summary>
    public const double Ials = .22;

    /// <summary>The spectral learner at the short rank. As long as iALS: more settings, and cheaper trials, because they share a
    /// basis.</summary>
    public const double Spectral = .34;

    /// <summary>Learners that only some builds have.</summary>
    public const double Optional = .42;

    /// <summary>The leading learner at longer ranks, where a trial costs most.</summary>
    public const double Leader = .58;

    /// <summary>The other learners at longer ranks: a little more than the leader, because what is behind at a short rank may lead at a
    /// long one.</summary>
    public const double Others = .76;

    /// <summary>The sum of the best two at half the length each: one weight to find.</summary>
    public const double Sum = .8;

    /// <summary>The same at full length and compressed.</summary>
    public const double Compressed = .86;

    /// <summary>Terms added to the best factors take the rest: most of their trials cost only their judging.</summary>
    public const double All = 1;
}
