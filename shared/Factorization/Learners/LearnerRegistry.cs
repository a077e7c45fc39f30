using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Recommender.Factorization.Tuning;

namespace Recommender.Factorization.Learners;

/// <summary>
/// The learners of this build: those that <see cref="LearnerSettings"/> lists, and optional ones, which register when the program starts.
/// What is registered here is known to settings as JSON, to the search and to the contract tests.
/// </summary>
public static class LearnerRegistry
{
    private static readonly Lock s_lock = new();
    private static readonly Lazy<JsonSerializerOptions> s_json = new(CreateJson);
    private static TuningFamily[] s_optional = [];

    /// <summary>Learners beyond those that every build has.</summary>
    internal static IReadOnlyList<TuningFamily> Optional => Volatile.Read(ref s_optional);

    /// <summary>How settings are written and read.</summary>
    internal static JsonSerializerOptions Json => s_json.Value;

    /// <summary>The name of the learner of settings, e.g. <c>ials</c>.</summary>
    public static string NameOf(LearnerSettings settings) =>
        (string)Known.Single(known => known.DerivedType == settings.GetType()).TypeDiscriminator!;

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => Known.Select(known => (string)known.TypeDiscriminator!);

    private static IEnumerable<JsonDerivedType> Known => Json.GetTypeInfo(typeof(LearnerSettings)).PolymorphismOptions!.DerivedTypes;

    /// <summary>Adds an optional learner. The same one may be added several times.</summary>
    /// <exception cref="InvalidOperationException">Settings have been read or written before.</exception>
    internal static void Add(TuningFamily family)
    {
        lock (s_lock)
        {
            if (s_optional.Any(known => known.Name == family.Name)) return;
            if (s_json.IsValueCreated)
                throw new InvalidOperationException($"The learner '{family.Name}' registers too late: use a module initializer, before "
                    + $"settings are read.");
            Volatile.Write(ref s_optional, [.. s_optional, family]);
        }
    }

    private static JsonSerializerOptions CreateJson() => new(JsonSerializerDefaults.Web)
    {
        AllowOutOfOrderMetadataProperties = true, // A database may reorder keys.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver
        {
            Modifiers =
            {
                static type =>
                {
                    if (type.Type != typeof(LearnerSettings)) return;
                    foreach (var family in Optional) type.PolymorphismOptions!.DerivedTypes.Add(new(family.Settings, family.Name));
                },
            },
        },
    };
}
