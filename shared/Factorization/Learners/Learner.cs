using Recommender.Factorization.Models;
using Recommender.Factorization.Tuning;

namespace Recommender.Factorization.Learners;

/// <summary>Registration of a learner in <see cref="LearnerRegistry"/>.</summary>
/// <param name="Name">Name in settings, models and the model registry, such as <c>ials</c>.</param>
/// <param name="Settings">Type of its settings.</param>
/// <param name="Read">Reads the body of a model; null if its models are of another learner.</param>
/// <param name="Family">Proposals of the search; null if the search does not try it, or only as part of another learner.</param>
internal sealed record Learner(string Name, Type Settings, Func<ModelReader, Model>? Read, TuningFamily? Family = null)
{
    /// <summary>The learner of a type of settings.</summary>
    public static Learner Of<T>(string name, Func<ModelReader, Model>? read, TuningFamily? family = null) where T : LearnerSettings =>
        new(name, typeof(T), read, family);
}
