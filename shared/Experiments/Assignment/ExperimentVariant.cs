using System.Text.Json;

namespace Recommender.Experiments.Assignment;

/// <summary>A variant of an experiment. The first variant of a definition is the control.</summary>
/// <param name="Name">Unique within the experiment.</param>
/// <param name="Share">Share of the units in the experiment, above 0; the shares sum to 1.</param>
/// <param name="Overrides">Settings that differ from the control, opaque to assignment and analysis.</param>
public sealed record ExperimentVariant(string Name, double Share, JsonElement? Overrides = null);
