using System.Globalization;

namespace Recommender.Trainer.Status;

/// <summary>Lags above their alarm levels.</summary>
internal static class LagAlarms
{
    /// <summary>One sentence per lag, with stage, level and setting.</summary>
    public static IEnumerable<string> Of(IReadOnlyDictionary<string, double> lagSeconds, long events, TrainerOptions options)
    {
        // With too few events for a training, its lag is not a problem.
        bool trains = events >= options.MinimumEvents;
        var levels = new (string Stage, double Level, string Setting, bool Applies)[]
        {
            ("stored", options.StoredLagAlarmSeconds, nameof(options.StoredLagAlarmSeconds), true),
            ("folded", options.FoldedLagAlarmSeconds, nameof(options.FoldedLagAlarmSeconds), true),
            ("trained", options.TrainedLagAlarmSeconds, nameof(options.TrainedLagAlarmSeconds), trains),
            ("released", options.ReleasedLagAlarmSeconds, nameof(options.ReleasedLagAlarmSeconds), trains),
        };
        foreach (var (stage, level, setting, applies) in levels)
            if (applies && level > 0 && lagSeconds[stage] > level)
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"Events wait to be {stage} for {lagSeconds[stage]:0.#} s, longer than {level:0.###} s "
                        + $"({TrainerOptions.Section}:{setting}).");
    }
}
