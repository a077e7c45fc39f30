namespace Recommender.Experiments.Statistics;

/// <summary>Totals of one unit since it was assigned.</summary>
/// <param name="Numerator">For example clicks.</param>
/// <param name="Denominator">For example answers; 1 for a mean per unit.</param>
/// <param name="PrePeriod">A figure of the unit from before the experiment (CUPED); 0 if unknown. It never changes.</param>
public readonly record struct UnitTotals(double Numerator, double Denominator, double PrePeriod);
