using Recommender.Experiments.OffPolicy;

namespace Recommender.Experiments.Tests;

public sealed class OffPolicyTests
{
    private const int Actions = 5, Rows = 2_000, Logs = 1_000;

    /// <summary>
    /// By hand: weights 2, 1 with rewards 1, 0: IPS 2/2, self-normalised 2/3, effective size 9/5, doubly robust (2·.5 + .4 − .2 + .4)/2.
    /// </summary>
    [Fact]
    public void Estimates_agree_with_hand_worked_ones()
    {
        LoggedAction[] log = [new(1, 0.25, 0.5, 0.5, 0.4), new(0, 0.5, 0.5, 0.2, 0.4)];
        Assert.Equal(1, OffPolicyEstimator.Ips(log).Estimate, 12);
        Assert.Equal(2.0 / 3, OffPolicyEstimator.SelfNormalised(log).Estimate, 12);
        Assert.Equal(1.8, OffPolicyEstimator.Ips(log).EffectiveSampleSize, 12);
        Assert.Equal(0.8, OffPolicyEstimator.DoublyRobust(log).Estimate, 12);
        Assert.Throws<ArgumentException>(() => OffPolicyEstimator.Ips([new(1, 0, 1), new(1, 1, 1)]));
    }

    /// <summary>
    /// 1,000 logs of 2,000 rows, click rates .05 to .25, logging policy .4 .3 .15 .1 .05, valued policy uniform. With 1,000 logs a share
    /// of .95 has a standard error of .007, so the bounds are three of them.
    /// </summary>
    [Fact]
    public void Intervals_cover_the_truth_of_simulated_logs()
    {
        double[] logging = [0.4, 0.3, 0.15, 0.1, 0.05], rates = [0.05, 0.1, 0.15, 0.2, 0.25];
        double truth = rates.Average();
        var random = new Random(20260102);
        var log = new LoggedAction[Rows];
        int ips = 0, self = 0, robust = 0;
        double ipsWidth = 0, sum = 0, squares = 0;
        for (int n = 0; n < Logs; n++)
        {
            for (int row = 0; row < Rows; row++)
            {
                double point = random.NextDouble();
                int action = 0;
                while (action < Actions - 1 && (point -= logging[action]) >= 0) action++;
                double click = random.NextDouble() < rates[action] ? 1 : 0;
                log[row] = new(click, logging[action], 1.0 / Actions, rates[action] * 0.9, truth * 0.9);
            }

            var estimate = OffPolicyEstimator.Ips(log);
            ips += Covers(estimate);
            self += Covers(OffPolicyEstimator.SelfNormalised(log));
            robust += Covers(OffPolicyEstimator.DoublyRobust(log));
            ipsWidth += (estimate.High - estimate.Low) / Logs;
            sum += estimate.Estimate;
            squares += estimate.Estimate * estimate.Estimate;
        }

        double oracle = 2 * OffPolicyEstimator.Quantile95 * Math.Sqrt(squares / Logs - sum / Logs * (sum / Logs));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"ips {ips} self {self} robust {robust} of {Logs}; width over oracle {ipsWidth / oracle:0.000}");
        Assert.InRange(ips / (double)Logs, 0.93, 0.97);
        Assert.InRange(self / (double)Logs, 0.93, 0.97);
        Assert.InRange(robust / (double)Logs, 0.93, 0.97);
        Assert.InRange(ipsWidth / oracle, 0.8, 1.2);
        Assert.Equal(truth, sum / Logs, truth * 0.02);

        int Covers(OffPolicyEstimate e) => e.Low <= truth && truth <= e.High ? 1 : 0;
    }
}
