using Recommender.Experiments.Statistics;

namespace Recommender.Experiments.Tests;

public sealed class StatisticsTests
{
    private static MetricSums Sum(params UnitTotals[] units) =>
        units.Aggregate(default(MetricSums), (sum, unit) => sum + MetricSums.Of(unit));

    /// <summary>
    /// By hand: −2 ln .05 = 5.991465, ln 6.991465 = 1.944690, sum 7.936155; √(2 · 8.936155/7.936155 · ln(√8.936155/.05)) = 3.0352.
    /// </summary>
    [Fact]
    public void The_sequence_has_the_width_of_the_formula()
    {
        Assert.Equal(7.936155e-3, ConfidenceSequence.RhoSquared(0.05, 1_000), 1e-8);
        Assert.Equal(3.0352, ConfidenceSequence.StandardErrors(1_000, 7.936155e-3, 0.05), 2e-4);
    }

    /// <summary>
    /// By hand: y = 1, 2, 3 over d = 2, 2, 4: ratio .75; residuals −.5, .5, 0; mean of d 8/3; variance (.25 + .25)/2/(64/9) = .03515625.
    /// </summary>
    [Fact]
    public void The_delta_method_agrees_with_a_hand_worked_ratio()
    {
        var sums = Sum(new(1, 2, 0), new(2, 2, 0), new(3, 4, 0));
        Assert.Equal(0.75, sums.Ratio, 12);
        Assert.Equal(0.03515625, sums.LinearisedVariance, 12);
    }

    [Fact]
    public void Days_merge_to_the_sums_of_units()
    {
        UnitTotals first = new(1, 2, 3), later = new(4, 6, 3);
        Assert.Equal(MetricSums.Of(later), MetricSums.Of(first) + MetricSums.Change(first, later));
    }

    [Fact]
    public void A_pre_period_that_explains_everything_leaves_the_effect()
    {
        MetricSums control = default, variant = default;
        for (int n = 0; n < 200; n++)
        {
            control += MetricSums.Of(new(n % 7, 1, n % 7));
            variant += MetricSums.Of(new(n % 5 + 0.5, 1, n % 5));
        }

        var result = VariantComparison.Compare(control, variant, new AnalysisSettings());
        Assert.Equal(0.5, result.Difference, 9);
        Assert.Equal(0, result.VarianceKept, 9);
        Assert.True(result.IsDecided);
    }

    [Fact]
    public void Few_units_and_no_variance_decide_nothing()
    {
        var (none, many) = (Sum(new UnitTotals(0, 1, 0)), Sum(new UnitTotals(5, 1, 0)));
        Assert.False(VariantComparison.Compare(none, many, new AnalysisSettings()).IsDecided);
        var silent = new MetricSums(1_000, 0, 1_000, 0, 0, 1_000, 0, 0, 0, 0);
        Assert.False(VariantComparison.Compare(silent, silent, new AnalysisSettings()).IsDecided);
    }

    [Fact]
    public void More_treatments_widen_the_interval()
    {
        MetricSums sums = default;
        for (int n = 0; n < 500; n++) sums += MetricSums.Of(new(n % 3, 1, 0));
        double one = VariantComparison.Compare(sums, sums, new AnalysisSettings()).High;
        Assert.True(VariantComparison.Compare(sums, sums, new AnalysisSettings(), treatments: 4).High > one);
    }

    /// <summary>By hand: a uniform prior gives 10! 0! / 11! · 2^10 = 1024 / 11.</summary>
    [Fact]
    public void The_sample_ratio_agrees_with_the_beta_binomial()
    {
        Assert.Equal(Math.Log(1024.0 / 11), SampleRatio.LogBayesFactor([10, 0], [0.5, 0.5], concentration: 2), 1e-10);
        Assert.False(SampleRatio.IsViolated([5_030, 4_970], [0.5, 0.5]));
        Assert.True(SampleRatio.IsViolated([5_400, 4_600], [0.5, 0.5]));
    }

    [Fact]
    public void A_guardrail_breaks_beyond_its_margin_only()
    {
        var worse = new VariantComparison(0.01, 0.03, 0.02, 0.015, 0.025, 0.001, 1);
        Assert.True(new Guardrail("errors", LowerIsBetter: true, Margin: 1).IsBroken(worse));
        Assert.False(new Guardrail("errors", LowerIsBetter: true, Margin: 2).IsBroken(worse));
        Assert.False(new Guardrail("clicks", LowerIsBetter: false, Margin: 0).IsBroken(worse));
    }
}
