using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Spectral;

namespace Recommender.Factorization.Tuning;

/// <summary>Search space of a learner of factors.</summary>
/// <param name="Name">Name of the learner.</param>
/// <param name="Coarse">Points across the space, all of one type. The first is always tried.</param>
/// <param name="Steps">Settings to vary from the best point.</param>
/// <param name="HalfLife">Step of the half-life, for data with times; null for a learner without one.</param>
/// <remarks>
/// The first step of a setting is large: a factor of 2.2 to 2.5 for logarithmic settings, and .1 to .2 of the range for shares and
/// exponents. <see cref="TuningStep.Walk"/> reduces later steps. The benchmarks <c>quality</c> and <c>shapes</c> measure the effect of
/// other steps.
/// </remarks>
internal sealed record TuningFamily(
    string Name, IReadOnlyList<LearnerSettings> Coarse, IReadOnlyList<TuningStep> Steps, TuningStep? HalfLife = null)
{
    // Initial points: even steps of alpha0, with lambda in proportion, because the optimum lies along this line.
    private static readonly double[] s_alphas = [.3, .1, .03, .01, .003];

    public static TuningFamily Ials { get; } = new(
        IalsModel.Name,
        [
            .. s_alphas.Select(a => new IalsSettings { Alpha0 = a, Lambda = a / 3, Damping = .3, Start = IalsStart.Spectral }),
            .. new[] { .1, .01 }.Select(a => new IalsSettings { Alpha0 = a, Lambda = a / 3, Damping = 0, Start = IalsStart.Spectral }),
            .. new[] { .1, .01 }.Select(a => new IalsSettings { Alpha0 = a, Lambda = a / 3 }),
        ],
        [
            TuningStep.Of<IalsSettings>(
                s => s.Lambda, (s, v) => s with { Lambda = v }, 2.2, 1e-5, 100, logarithmic: true, dependsOnRank: true),
            TuningStep.Of<IalsSettings>(
                s => s.Alpha0, (s, v) => s with { Alpha0 = v }, 2.2, 1e-4, 10, logarithmic: true, dependsOnRank: true),
            TuningStep.Of<IalsSettings>(s => s.Damping, (s, v) => s with { Damping = v }, .15, 0, 1),
        ],
        TuningStep.HalfLife<IalsSettings>(s => s.HalfLife, (s, v) => s with { HalfLife = v }))
    {
        Until = TuningSchedule.Ials,
        IsAlwaysTried = true,
    };

    public static TuningFamily Spectral { get; } = new(
        Recommender.Factorization.Learners.Spectral.SpectralTrainer.Name,
        [
            .. s_alphas.Select(a => new SpectralSettings { Alpha0 = a, Lambda = a, Damping = .4, SpectralShare = .2 }),
            .. new[] { .1, .01 }.Select(a => new SpectralSettings { Alpha0 = a, Lambda = a, Damping = .4, SpectralShare = 0 }),
        ],
        [
            TuningStep.Of<SpectralSettings>(
                s => s.Lambda, (s, v) => s with { Lambda = v }, 2.5, 1e-5, 1000, logarithmic: true, dependsOnRank: true),
            TuningStep.Of<SpectralSettings>(s => s.Alpha0, (s, v) => s with { Alpha0 = v }, 2.5, 1e-4, 10, logarithmic: true),
            TuningStep.Of<SpectralSettings>(s => s.SpectralShare, (s, v) => s with { SpectralShare = v }, .2, 0, 1, dependsOnRank: true),
            TuningStep.Of<SpectralSettings>(s => s.Damping, (s, v) => s with { Damping = v }, .2, 0, 1),
            TuningStep.Of<SpectralSettings>(s => s.Smoothing, (s, v) => s with { Smoothing = v }, 8, 0, 100),
            TuningStep.Of<SpectralSettings>(s => s.OutputPower, (s, v) => s with { OutputPower = v }, .2, -1, 1),
            TuningStep.Of<SpectralSettings>(s => s.ItemPower, (s, v) => s with { ItemPower = v }, .1, 0, 1),
            TuningStep.Of<SpectralSettings>(s => s.UserPower, (s, v) => s with { UserPower = v }, .15, 0, 1),
        ],
        TuningStep.HalfLife<SpectralSettings>(s => s.HalfLife, (s, v) => s with { HalfLife = v }))
    {
        Until = TuningSchedule.Spectral,
        IsAlwaysTried = true,
    };

    /// <summary>All families of this build.</summary>
    public static IReadOnlyList<TuningFamily> All => [.. LearnerRegistry.All.Select(learner => learner.Family).OfType<TuningFamily>()];

    /// <summary>End of its search at the small rank, as a fraction of the budget.</summary>
    public double Until { get; init; } = TuningSchedule.Optional;

    /// <summary>Whether its first point is tried even if its time is over.</summary>
    public bool IsAlwaysTried { get; init; }

    /// <summary>Type of the settings.</summary>
    public Type Settings => Coarse[0].GetType();

    public static TuningFamily Of(LearnerSettings settings) => All.Single(family => family.Settings == settings.GetType());
}
