using Recommender.Factorization.Models;
using Recommender.Factorization.Tuning;

namespace Recommender.Factorization.Learners;

/// <summary>A learner as the rest of the library sees it. <see cref="LearnerRegistry"/> lists them.</summary>
/// <param name="Name">Name in settings, models and the model registry, e.g. <c>ials</c>.</param>
/// <param name="Settings">Type of its settings, which are read and written as JSON and train it.</param>
/// <param name="Read">Reads the body of a model; null for a learner whose models are of another one.</param>
/// <param name="Family">What the search proposes; null for a learner that it does not search, or only as part of another.</param>
internal sealed record Learner(string Name, Type Settings, Func<ModelReader, Model>? Read, TuningFamily? Family = null)
{
    /// <summary>The learner of a type of settings.</summary>
    public static Learner Of<T>(string name, Func<ModelReader, Model>? read, TuningFamily? family = null) where T : LearnerSettings =>
        new(name, typeof(T), read, family);
}
