using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Learners.Spectral;
using Recommender.Factorization.Models;
using Recommender.Factorization.Tuning;

namespace Recommender.Factorization.Learners;

/// <summary>
/// The learners of this build: those below, and optional ones, which register at program start. Settings in JSON, stored models and the
/// search support all registered learners.
/// </summary>
public static class LearnerRegistry
{
    private static readonly Lock s_lock = new();
    private static readonly Lazy<JsonSerializerOptions> s_json = new(CreateJson);

    // The search tries families in this order.
    private static Learner[] s_all =
    [
        Learner.Of<IalsSettings>(IalsModel.Name, IalsModel.ReadBody, TuningFamily.Ials),
        Learner.Of<SpectralSettings>(SpectralTrainer.Name, reader => LinearModel.ReadBody<SpectralSettings>(SpectralTrainer.Name, reader),
            TuningFamily.Spectral),
        Learner.Of<NeighbourhoodSettings>(NeighbourhoodModel.Name,
            reader => NeighbourhoodModel.ReadBody<NeighbourhoodSettings>(NeighbourhoodModel.Name, reader)),
        Learner.Of<HybridSettings>(HybridModel.Name, HybridModel.ReadBody),
        Learner.Of<SumSettings>(SumModel.Name, SumModel.ReadBody),
        Learner.Of<CompressedSettings>(CompressedModel.Name, CompressedModel.ReadBody),
        Learner.Of<RecencySettings>(RecencyModel.Name, RecencyModel.ReadBody),
        Rp3Beta.Rp3BetaSettings.Learner,
        Learner.Of<PopularitySettings>(PopularityModel.Name, PopularityModel.ReadBody),
    ];

    internal static IReadOnlyList<Learner> All => Volatile.Read(ref s_all);

    /// <summary>Serializer options of settings.</summary>
    internal static JsonSerializerOptions Json => s_json.Value;

    /// <summary>Names of all learners.</summary>
    public static IEnumerable<string> Names => All.Select(learner => learner.Name);

    /// <summary>Name of the learner of settings, such as <c>ials</c>.</summary>
    public static string NameOf(LearnerSettings settings) => All.Single(learner => learner.Settings == settings.GetType()).Name;

    /// <summary>The learner of a name; null if this build does not have it.</summary>
    internal static Learner? Find(string name) => Array.Find(s_all, learner => learner.Name == name);

    /// <summary>Adds an optional learner. Adding it again has no effect.</summary>
    /// <exception cref="InvalidOperationException">Settings have already been read or written.</exception>
    internal static void Add(Learner learner)
    {
        lock (s_lock)
        {
            if (Find(learner.Name) is not null) return;
            if (s_json.IsValueCreated)
                throw new InvalidOperationException($"The learner '{learner.Name}' registers too late: use a module initializer, before "
                    + $"settings are read.");
            Volatile.Write(ref s_all, [.. s_all, learner]);
        }
    }

    private static JsonSerializerOptions CreateJson() => new(JsonSerializerDefaults.Web)
    {
        AllowOutOfOrderMetadataProperties = true, // A database may reorder keys.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { AddLearners } },
    };

    private static void AddLearners(JsonTypeInfo type)
    {
        if (type.Type != typeof(LearnerSettings)) return;
        foreach (var learner in All) type.PolymorphismOptions!.DerivedTypes.Add(new(learner.Settings, learner.Name));
    }
}
