namespace Recommender.Factorization.MlNet;

/// <summary>ML.NET's matrix factorization as a learner of the search, of settings as JSON, and of <c>quality --learner mlnet</c>.</summary>
public static class MlNetLearner
{
    /// <summary>Name of the learner.</summary>
    public const string Name = "mlnet";

    private static readonly TuningFamily s_family = new(
        Name,
        [.. new[] { .05, .01, .2 }.Select(alpha => new MlNetSettings { Alpha = alpha })],
        [
            TuningStep.Of<MlNetSettings>(
                s => s.Lambda, (s, v) => s with { Lambda = v }, 3, 1e-4, 100, logarithmic: true, dependsOnRank: true),
            TuningStep.Of<MlNetSettings>(s => s.Alpha, (s, v) => s with { Alpha = v }, 2.5, 1e-4, 10, logarithmic: true),
        ]);

    /// <summary>Adds it to the learners of this process. May be called several times.</summary>
    public static void Register() => LearnerRegistry.Add(Learner.Of<MlNetSettings>(Name, read: null, s_family));
}
