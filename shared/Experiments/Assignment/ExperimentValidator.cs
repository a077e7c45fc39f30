namespace Recommender.Experiments.Assignment;

/// <summary>The rules of experiment definitions. Each method returns one sentence per error, and none if all is well.</summary>
public static class ExperimentValidator
{
    private const int LeastSaltLength = 16;
    private const double ShareTolerance = 1e-9;

    /// <summary>Checks one definition.</summary>
    public static IReadOnlyList<string> Validate(ExperimentDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var errors = new List<string>();
        void Check(bool holds, string error)
        {
            if (!holds) errors.Add(error);
        }

        Check(!string.IsNullOrWhiteSpace(definition.Name), "`name` must not be empty.");
        Check(definition.Salt?.Length >= LeastSaltLength, $"`salt` must have at least {LeastSaltLength} characters.");
        Check(Enum.IsDefined(definition.Unit), "`unit` must be user or session.");
        Check(definition.Placements is { Count: > 0 }, "`placements` must name at least one placement.");
        Check(definition.Ramp is >= 0 and <= 1, "`ramp` must be between 0 and 1.");
        Check(definition.HoldOut is >= 0 and < 1, "`holdOut` must be at least 0 and below 1.");
        Check(definition.End is null || definition.End > definition.Start, "`end` must be after `start`.");
        var variants = definition.Variants ?? [];
        Check(variants.Count >= 2, "`variants` must hold at least two; the first is the control.");
        Check(variants.All(v => !string.IsNullOrWhiteSpace(v.Name) && v.Share is > 0 and < 1),
            "Every variant must have a name and a share between 0 and 1.");
        Check(variants.DistinctBy(v => v.Name, StringComparer.Ordinal).Count() == variants.Count, "Names of variants must be unique.");
        Check(variants.Count == 0 || Math.Abs(variants.Sum(v => v.Share) - 1) <= ShareTolerance, "The shares of variants must sum to 1.");
        Check(definition.StoppedVariants.All(name => variants.Any(v => v.Name == name)), "`stoppedVariants` must name variants.");
        if (definition.Layer is { } layer)
        {
            Check(!string.IsNullOrWhiteSpace(layer.Name), "`layer.name` must not be empty.");
            Check(layer.Salt?.Length >= LeastSaltLength, $"`layer.salt` must have at least {LeastSaltLength} characters.");
            Check(layer.Salt != definition.Salt, "`layer.salt` must differ from `salt`: otherwise layer and hold-out share a hash.");
            Check(layer.From is >= 0 and <= 1 && layer.To <= 1 && layer.From < layer.To,
                "`layer.from` must be below `layer.to`, both 0 to 1.");
        }

        return errors;
    }

    /// <summary>Checks that <paramref name="next"/> may replace <paramref name="current"/> once units have been assigned.</summary>
    public static IReadOnlyList<string> ValidateChange(ExperimentDefinition current, ExperimentDefinition next)
    {
        ArgumentNullException.ThrowIfNull(current);
        var errors = new List<string>(Validate(next));
        if (current.Name != next.Name || current.Salt != next.Salt || current.Unit != next.Unit || current.Layer != next.Layer
            || current.HoldOut != next.HoldOut)
        {
            errors.Add("Name, salt, unit, layer and hold-out are fixed once the experiment has started.");
        }

        if (!current.Variants.Select(v => (v.Name, v.Share)).SequenceEqual(next.Variants.Select(v => (v.Name, v.Share))))
        {
            errors.Add("Variants and shares are fixed once the experiment has started; raise `ramp` to add units.");
        }

        if (next.Ramp < current.Ramp) errors.Add($"`ramp` must not fall below {current.Ramp}: units would change their variant.");
        if (current.Stopped is not null && current.Stopped != next.Stopped) errors.Add("A stopped experiment cannot be started again.");
        if (!current.StoppedVariants.All(next.StoppedVariants.Contains)) errors.Add("A stopped variant cannot be started again.");
        return errors;
    }

    /// <summary>Checks that experiments of one layer share its salt and that their parts are disjoint.</summary>
    public static IReadOnlyList<string> ValidateLayers(IEnumerable<ExperimentDefinition> definitions)
    {
        var errors = new List<string>();
        foreach (var group in definitions.Where(d => d.Layer is not null).GroupBy(d => d.Layer!.Name, StringComparer.Ordinal))
        {
            var ordered = group.OrderBy(d => d.Layer!.From).ToList();
            for (int n = 1; n < ordered.Count; n++)
            {
                var (before, after) = (ordered[n - 1], ordered[n]);
                if (before.Layer!.Salt != after.Layer!.Salt)
                {
                    errors.Add($"Experiments of layer '{group.Key}' must have the same layer salt.");
                }

                if (after.Layer.From < before.Layer.To) errors.Add($"'{before.Name}' and '{after.Name}' overlap in layer '{group.Key}'.");
            }
        }

        return errors;
    }
}
