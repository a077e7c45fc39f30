namespace Recommender.Benchmarks.Running;

/// <param name="P50">Milliseconds; so are the others.</param>
internal readonly record struct Latency(double P50, double P99, double P999, double Max);
