namespace Recommender.Factorization.Tuning;

/// <summary>
/// End of each stage of a search, as a fraction of its budget. A stage without further proposals ends earlier and leaves its time to the
/// following ones.
/// </summary>
/// <remarks>
/// Chosen by experience, for the reasons below. The benchmarks <c>quality</c> and <c>shapes</c> measure the effect of changes.
/// </remarks>
internal static class TuningSchedule
{
    /// <summary>The item–item term: three nearly independent settings.</summary>
    public const double Neighbourhood = .1;

    /// <summary>iALS at the small rank, where trials are cheap. Larger ranks start from its result.</summary>
    public const double Ials = .22;

    /// <summary>
    /// The spectral learner at the small rank. The same time as iALS: more settings, but cheaper trials, because they share a basis.
    /// </summary>
    public const double Spectral = .34;

    /// <summary>Optional learners, which only some builds have.</summary>
    public const double Optional = .42;

    /// <summary>The leading learner at larger ranks, where trials cost most.</summary>
    public const double Leader = .58;

    /// <summary>The other learners at larger ranks. Slightly more than the leader, because the order may change with the rank.</summary>
    public const double Others = .76;

    /// <summary>The sum of the best two learners at half the rank each: one weight to search.</summary>
    public const double Sum = .8;

    /// <summary>The same at full length and compressed.</summary>
    public const double Compressed = .86;

    /// <summary>Terms added to the best factors: the remaining time, because most of these trials cost only their evaluation.</summary>
    public const double All = 1;
}
