namespace Recommender.Experiments.Assignment;

/// <summary>An experiment: who takes part, and which variants they see.</summary>
/// <param name="Name">Unique name.</param>
/// <param name="Salt">Secret that makes assignments unpredictable and independent of other experiments; at least 16 characters.</param>
/// <param name="Unit">Unit of assignment and of analysis.</param>
/// <param name="Placements">Placements that the experiment changes.</param>
/// <param name="Variants">At least two; the first is the control.</param>
/// <param name="Ramp">Share of the eligible units that take part, 0 to 1. Raising it adds units and moves none between variants.</param>
/// <param name="HoldOut">Share of all units that never take part and see the control, 0 to below 1.</param>
/// <param name="Start">First instant at which units are assigned.</param>
/// <param name="End">Instant from which every unit sees the control; null if open.</param>
/// <param name="Stopped">Instant of the stop, from which every unit sees the control; null while it runs.</param>
/// <param name="Layer">Layer, or null if the experiment excludes no other.</param>
public sealed record ExperimentDefinition(
    string Name,
    string Salt,
    ExperimentUnit Unit,
    IReadOnlyList<string> Placements,
    IReadOnlyList<ExperimentVariant> Variants,
    double Ramp,
    double HoldOut,
    DateTimeOffset Start,
    DateTimeOffset? End = null,
    DateTimeOffset? Stopped = null,
    ExperimentLayer? Layer = null)
{
    /// <summary>Names of variants that a guardrail stopped. Their units see the control and keep their place in the analysis.</summary>
    public IReadOnlyList<string> StoppedVariants { get; init; } = [];

    /// <summary>True from <see cref="Start"/> until the end or the stop.</summary>
    public bool IsRunning(DateTimeOffset now) => now >= Start && (End is null || now < End) && (Stopped is null || now < Stopped);
}
