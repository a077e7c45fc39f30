using System.Globalization;
using Recommender.Factorization.Learners;

namespace Recommender.Factorization.Tuning;

/// <summary>A step along one setting: a factor or an amount, within bounds.</summary>
internal sealed record TuningStep
{
    private Func<LearnerSettings, double> Get { get; init; } = _ => 0;

    private Func<LearnerSettings, double, LearnerSettings> Set { get; init; } = (s, _) => s;

    /// <summary>
    /// Step of the first round: a factor for logarithmic settings, else an amount. About a tenth to a fifth of the useful range, because
    /// every round halves it.
    /// </summary>
    private double Size { get; init; }

    private double Least { get; init; }

    private double Most { get; init; }

    private bool Logarithmic { get; init; }

    /// <summary>Whether the setting is off above its maximum, which is written as 0. A step back from 0 leads to 1.</summary>
    private bool OffAbove { get; init; }

    /// <summary>Whether the best value depends on the rank.</summary>
    public bool DependsOnRank { get; private init; }

    public static TuningStep Of<T>(
        Func<T, double> get, Func<T, double, T> set, double size, double least, double most, bool logarithmic = false,
            bool dependsOnRank = false) where T : LearnerSettings =>
        new()
        {
            Get = s => get((T)s),
            Set = (s, v) => set((T)s, v),
            Size = size,
            Least = least,
            Most = most,
            Logarithmic = logarithmic,
            DependsOnRank = dependsOnRank
        };

    public static TuningStep HalfLife<T>(Func<T, double> get, Func<T, double, T> set) where T : LearnerSettings =>
        new()
        {
            Get = s => get((T)s),
            Set = (s, v) => set((T)s, v),
            Size = 1 / 3.0,
            Least = .001,
            Most = 2,
            Logarithmic = true,
            OffAbove = true
        };

    /// <summary>The settings with another value of this setting.</summary>
    public LearnerSettings At(LearnerSettings settings, double value) => Set(settings, value);

    public TuningStep Smaller() => this with { Size = Logarithmic ? Math.Sqrt(Size) : Size / 2 };

    /// <summary>The settings one step further; null at the bound.</summary>
    public LearnerSettings? Next(LearnerSettings from, int direction)
    {
        double now = Get(from);
        if (OffAbove && now == 0) return direction > 0 ? Set(from, 1) : null;
        double next = Logarithmic ? now * Math.Pow(Size, direction) : now + direction * Size;
        if (OffAbove && next > Most) return Set(from, 0);
        next = next == 0 ? 0 : Math.Clamp(Rounded(next), Least, Most);
        return next == now ? null : Set(from, next);
    }

    /// <summary>Rounded to four digits, so that a step forth and back gives the same value.</summary>
    public static double Rounded(double value) =>
        double.Parse(value.ToString("g4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>From the best trial, moves along each setting while the score rises, in rounds with decreasing steps.</summary>
    /// <param name="attempt">Runs a trial; returns null when the time is over.</param>
    public static Trial Walk(Trial best, IReadOnlyList<TuningStep> steps, int rounds, Func<LearnerSettings, Trial?> attempt)
    {
        for (int round = 0; round < rounds; round++)
        {
            foreach (var step in steps)
            {
                foreach (int direction in (ReadOnlySpan<int>)[1, -1])
                {
                    bool moved = false;
                    while (step.Next(best.Asked, direction) is { } next)
                    {
                        if (attempt(next) is not { } trial) return best;
                        if (trial.Score <= best.Score) break;
                        best = trial;
                        moved = true;
                    }

                    if (moved) break;
                }
            }

            steps = [.. steps.Select(s => s.Smaller())];
        }

        return best;
    }
}
