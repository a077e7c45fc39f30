using System.Globalization;
using System.IO.Compression;
using Recommender.Experiments.OffPolicy;
using Recommender.TestKit;

namespace Recommender.Experiments.Tests;

/// <summary>
/// The value of the uniform policy from the log of Thompson sampling, against the uniform policy's own log (Open Bandit Dataset).
/// </summary>
public sealed class OpenBanditTests
{
    private const int Items = 34, Click = 4, Propensity = 5;

    /// <summary>
    /// The estimates were also computed outside this code: .00301 and .00319 with 656 effective rows. The other log's rate, 46 clicks of
    /// 10,000, is itself an estimate, so the difference is judged by the errors of both. The interval of the inverse propensities alone,
    /// .0015 to .0045, does not hold .0046; the self-normalised one, .0016 to .0048, does.
    /// </summary>
    [Fact]
    public void The_estimate_agrees_with_the_other_log_within_both_errors()
    {
        string folder = DataSets.Find("open-bandit-men");
        var log = Read(Path.Combine(folder, "bts.csv.gz"));
        // The policy is uniform, so every weight is 1.
        var own = Read(Path.Combine(folder, "random.csv.gz")).Select(row => row with { Propensity = row.Target }).ToArray();
        var truth = OffPolicyEstimator.Ips(own);
        var (ips, self) = (OffPolicyEstimator.Ips(log), OffPolicyEstimator.SelfNormalised(log));
        TestContext.Current.TestOutputHelper?.WriteLine($"{ips} {self} truth {truth}");
        Assert.Equal(0.00301, ips.Estimate, 5e-6);
        Assert.Equal(0.00319, self.Estimate, 5e-6);
        Assert.Equal(656, ips.EffectiveSampleSize, 0.5);
        Assert.Equal(0.0046, truth.Estimate, 1e-12);
        Assert.All([ips, self], estimate => Assert.InRange(
            Math.Abs(estimate.Estimate - truth.Estimate), 0, double.Hypot(HalfWidth(estimate), HalfWidth(truth))));

        static double HalfWidth(OffPolicyEstimate estimate) => (estimate.High - estimate.Low) / 2;
    }

    private static LoggedAction[] Read(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        string[] header = reader.ReadLine()!.Split(',');
        Assert.Equal("click,propensity_score", string.Join(',', header[Click..(Propensity + 1)]));
        var rows = new List<LoggedAction>();
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split(',', Propensity + 2);
            rows.Add(new(Number(cells[Click]), Number(cells[Propensity]), 1.0 / Items));
        }

        return [.. rows];

        static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
    }
}
