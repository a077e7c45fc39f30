namespace Recommender.Factorization.Judging;

/// <summary>95 % confidence interval of a mean, by bootstrap over users.</summary>
public readonly record struct Interval(double Low, double High);
