using Recommender.Experiments.Assignment;

namespace Recommender.Experiments.Tests;

public sealed class AssignmentTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);

    private static ExperimentDefinition Define(double ramp = 1) => new("ranker", "0123456789abcdef", ExperimentUnit.User, ["home"],
        [new("control", 0.5), new("plain", 0.3), new("bold", 0.2)], ramp, HoldOut: 0, s_now.AddDays(-1));

    private static IEnumerable<string> Units(int count) => Enumerable.Range(0, count).Select(n => $"user-{n}");

    [Fact]
    public void Another_instance_assigns_alike()
    {
        var (one, other) = (new Assigner(Define()), new Assigner(Define()));
        Assert.All(Units(1_000), unit => Assert.Equal(one.Assign(unit, s_now), other.Assign(unit, s_now)));
    }

    [Fact]
    public void Units_fall_by_shares()
    {
        var assigner = new Assigner(Define());
        var counts = new int[3];
        foreach (string unit in Units(100_000)) counts[assigner.Assign(unit, s_now)]++;
        Assert.InRange(counts[0], 49_300, 50_700);
        Assert.InRange(counts[1], 29_300, 30_700);
        Assert.InRange(counts[2], 19_300, 20_700);
    }

    [Fact]
    public void A_higher_ramp_adds_units_and_moves_none()
    {
        var (small, large) = (new Assigner(Define(0.1)), new Assigner(Define(0.6)));
        int added = 0;
        foreach (string unit in Units(10_000))
        {
            int before = small.Assign(unit, s_now), after = large.Assign(unit, s_now);
            if (before == Assigner.None) added += after == Assigner.None ? 0 : 1;
            else Assert.Equal(before, after);
        }

        Assert.InRange(added, 4_800, 5_200);
    }

    [Fact]
    public void A_hold_out_takes_no_part_at_any_ramp()
    {
        var assigner = new Assigner(Define() with { HoldOut = 0.2 });
        Assert.InRange(Units(10_000).Count(unit => assigner.Assign(unit, s_now) == Assigner.None), 1_850, 2_150);
    }

    [Fact]
    public void Experiments_of_a_layer_exclude_each_other()
    {
        var first = Define() with { Layer = new("page", "fedcba9876543210", 0, 0.5) };
        var second = Define() with { Name = "b", Salt = "another salt, 16", Layer = new("page", "fedcba9876543210", 0.5, 1) };
        Assert.Empty(ExperimentValidator.ValidateLayers([first, second]));
        var (one, other) = (new Assigner(first), new Assigner(second));
        Assert.All(Units(2_000), unit => Assert.True(
            one.Assign(unit, s_now) == Assigner.None ^ other.Assign(unit, s_now) == Assigner.None));
        Assert.Single(ExperimentValidator.ValidateLayers([first, second with { Layer = second.Layer with { From = 0.4 } }]));
    }

    [Fact]
    public void Another_salt_assigns_independently()
    {
        var (one, other) = (new Assigner(Define()), new Assigner(Define() with { Salt = "fedcba9876543210" }));
        int both = Units(20_000).Count(unit => one.Assign(unit, s_now) == 0 && other.Assign(unit, s_now) == 0);
        Assert.InRange(both, 4_750, 5_250);
    }

    [Fact]
    public void A_stop_serves_the_control()
    {
        var stopped = new Assigner(Define() with { Stopped = s_now });
        var bold = new Assigner(Define() with { StoppedVariants = ["bold"] });
        string unit = Units(1_000).First(u => new Assigner(Define()).Assign(u, s_now) == 2);
        Assert.Equal(0, stopped.Serve(unit, s_now));
        Assert.Equal(2, stopped.Serve(unit, s_now.AddSeconds(-1)));
        Assert.Equal(0, bold.Serve(unit, s_now));
        Assert.Equal(2, bold.Assign(unit, s_now));
    }

    [Fact]
    public void Definitions_are_validated()
    {
        Assert.Empty(ExperimentValidator.Validate(Define()));
        Assert.Single(ExperimentValidator.Validate(Define() with { Salt = "short" }));
        Assert.Single(ExperimentValidator.Validate(Define(ramp: double.NaN)));
        Assert.Single(ExperimentValidator.Validate(Define() with { Variants = [new("a", 0.5), new("b", 0.4)] }));
        Assert.Throws<ArgumentException>(() => new Assigner(Define(ramp: 2)));
    }

    [Fact]
    public void A_running_experiment_only_grows()
    {
        Assert.Empty(ExperimentValidator.ValidateChange(Define(0.1), Define(0.2)));
        Assert.Single(ExperimentValidator.ValidateChange(Define(0.2), Define(0.1)));
        Assert.Single(ExperimentValidator.ValidateChange(Define(), Define() with { Salt = "fedcba9876543210" }));
        Assert.Single(ExperimentValidator.ValidateChange(Define(), Define() with { Variants = [new("control", 0.5), new("plain", 0.5)] }));
    }
}
