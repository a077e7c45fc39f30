namespace Recommender.Benchmarks.Harness;

/// <summary>How far the values of a figure differ between rounds or repetitions. Numbers are rounded to four digits.</summary>
/// <param name="Over"><c>rounds</c> of one measurement, or <c>repetitions</c> of the whole measurement.</param>
/// <param name="StandardDeviation">Of the sample (n − 1); 0 for one value.</param>
internal sealed record Spread(string Over, int Count, double Min, double Median, double Max, double StandardDeviation)
{
    public static Spread Of(string over, IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        double mean = sorted.Average();
        double deviation = sorted.Length < 2 ? 0 : Math.Sqrt(sorted.Sum(v => (v - mean) * (v - mean)) / (sorted.Length - 1));
        double median = sorted[MedianIndex(sorted.Length)];
        return new Spread(over, sorted.Length, Round(sorted[0]), Round(median), Round(sorted[^1]), Round(deviation));
    }

    /// <summary>Index of the lower middle value, so that a median is a value that was measured.</summary>
    public static int MedianIndex(int count) => (count - 1) / 2;

    private static double Round(double value) => Math.Round(value, 4);
}
