namespace Recommender.Factorization.Judging;

/// <summary>Bounds between which a mean lies with 95 % confidence, by resampling users.</summary>
public readonly record struct Interval(double Low, double High);
