using System.Text.Json;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Tuning;

namespace Recommender.Trainer.Learning;

/// <summary>
/// Reads settings from the store. Settings of an optional learner that this build does not have are ignored with a warning, and the next
/// search starts from the beginning.
/// </summary>
internal static class StoredSettings
{
    /// <summary>The stored settings; null if there are none or this build cannot read them.</summary>
    public static LearnerSettings? Read(JsonElement? stored, ILogger logger) =>
        Read(stored, LearnerSettings.FromJson, "settings of the learner", logger);

    /// <summary>The stored state of the search; null if there is none or this build cannot read it.</summary>
    public static TuningState? ReadSearch(JsonElement? stored, ILogger logger) =>
        Read(stored, TuningState.FromJson, "trials of the search", logger);

    private static T? Read<T>(JsonElement? stored, Func<string, T> read, string what, ILogger logger)
        where T : class
    {
        if (stored is not { } json) return null;
        try
        {
            return read(json.GetRawText());
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            logger.StoredSettingsIgnored(what, e.Message);
            return null;
        }
    }
}
