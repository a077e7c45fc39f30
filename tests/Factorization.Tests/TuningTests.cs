using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Learners.Spectral;
using Recommender.Factorization.Tuning;

namespace Recommender.Factorization.Tests;

public sealed class TuningTests
{
    private static readonly InteractionMatrix s_data = TestData.Planted(200, 80, 12, 3);

    private static readonly TuningOptions s_short = new() { BudgetSeconds = 40, MaxRank = 16, Threads = 1 };

    /// <summary>A clock by which every trial takes a second, so that a budget has the same effect on every machine.</summary>
    private static Func<double> Clock()
    {
        double reads = 0;
        return () => reads++;
    }

    [Fact]
    public void The_winner_is_ahead_of_popularity_and_of_every_other_trial()
    {
        var state = Tuner.Run(RandomSplits.Holdouts(s_data), s_short, Clock());
        Assert.Equal(state.Trials.Max(t => t.Score), state.Best!.Score);
        Assert.True(state.Best.Score > 1.5 * state.Trials.First(t => t.Settings is PopularitySettings).Score);
        Type[] learners = [.. TuningFamily.All.Select(family => family.Settings), typeof(NeighbourhoodSettings), typeof(HybridSettings)];
        foreach (var learner in learners)
            Assert.Contains(state.Trials, t => t.Settings.GetType() == learner);
        Assert.Equal(state.Trials.Count, state.Trials.Select(t => t.Asked.ToJson()).Distinct().Count());
    }

    [Fact]
    public void Without_the_item_item_term_models_are_factors_alone()
    {
        var state = Tuner.Run(RandomSplits.Holdouts(s_data), s_short with { AllowNeighbourhood = false, BudgetSeconds = 15 }, Clock());
        Assert.DoesNotContain(state.Trials, t => t.Settings is NeighbourhoodSettings or HybridSettings);
    }

    [Fact]
    public void The_best_of_both_families_are_added_and_stay_within_the_length()
    {
        // More tastes than eight numbers tell apart.
        var data = TestData.Planted(300, 120, 10, 3, tastes: 24);
        var state = Tuner.Run(RandomSplits.Holdouts(data), s_short with { AllowNeighbourhood = false, BudgetSeconds = 200 }, Clock());
        Assert.Contains(state.Trials, t => t.Settings is SumSettings
        {
            First: IalsSettings { Rank: 8 },
            Second: SpectralSettings { Rank: 8 }
        });
        Assert.Contains(state.Trials, t => t.Settings is CompressedSettings
        {
            Rank: 16,
            Of: SumSettings { First: IalsSettings { Rank: 16 }, Second: SpectralSettings { Rank: 16 } }
        });
        Assert.All(state.Trials, t => Assert.InRange(t.Settings.Train(data).Rank, 1, 16));
    }

    [Fact]
    public void What_is_popular_of_late_joins_where_fashions_change()
    {
        // Everybody takes the newest items of their taste: old interactions say little of what comes next.
        var random = new Random(3);
        var entries = Enumerable.Range(0, 4000).Select(t =>
            new TimedEntry(new Entry(random.Next(150), Math.Min(t / 40 + random.Next(8), 99)), t)).ToArray();
        var outer = Splits.Temporal(150, 100, entries, .1);
        var state = Tuner.Run([outer], s_short with { AllowNeighbourhood = false, BudgetSeconds = 100 }, Clock());
        var recent = state.Trials.Where(t => t.Settings is PopularitySettings { HalfLife: > 0 }).MaxBy(t => t.Score)!;
        Assert.True(recent.Score > 2 * state.Trials[0].Score);
        Assert.Contains(state.Trials, t => ((t.Settings as RecencySettings)?.Of
            ?? t.Settings) is SumSettings { Second: PopularitySettings });
        Assert.True(state.Best!.Score >= recent.Score);
    }

    [Fact]
    public void Where_tastes_change_old_interactions_count_less()
    {
        // Two fashions per taste: everybody consumed the old one first and goes on with the new one.
        var random = new Random(5);
        var entries = Enumerable.Range(0, 6000).Select(t =>
        {
            int user = random.Next(200), season = Math.Min(t / 1000, 5);
            return new TimedEntry(new Entry(user, season * 20 + user % 4 * 5 + random.Next(5)), t);
        }).ToArray();
        // The season that is tested has begun before the cut.
        var outer = Splits.Temporal(200, 120, entries, .1);
        double Ndcg(LearnerSettings settings) => Evaluation.Run(settings.Train(outer.Train), outer, new EvaluationOptions { K = 5 }).Ndcg;
        var plain = new IalsSettings { Rank = 16, Alpha0 = .1, Lambda = .03 };
        Assert.True(Ndcg(plain with { HalfLife = .1 }) > 1.5 * Ndcg(plain));
        var ridge = new SpectralSettings { Rank = 16, SpectralShare = 0, Alpha0 = .1, Lambda = .03 };
        Assert.True(Ndcg(ridge with { HalfLife = .1 }) > 1.5 * Ndcg(ridge));
        var state = Tuner.Run([outer], s_short with { AllowNeighbourhood = false, BudgetSeconds = 80 }, Clock());
        Assert.Contains(state.Trials, t => t.Settings is IalsSettings { HalfLife: > 0 });
    }

    [Fact]
    public void Temporal_hold_outs_predict_each_window_from_what_was_before_it()
    {
        var random = new Random(1);
        var entries = Enumerable.Range(0, 2000).Select(t => new TimedEntry(new Entry(random.Next(40), random.Next(300)), t)).ToArray();
        var holdouts = TimeWindows.Holdouts(new TimedEntries(40, 300, entries));
        Assert.Equal(4, holdouts.Count);
        for (int h = 0; h < 4; h++)
        {
            int cut = 1999 - 200 * h - 300;
            var known = InteractionMatrix.BuildTimed(40, 300, entries[..(cut + 1)]);
            Assert.Equal(known.Users.Columns, holdouts[h].Train.Users.Columns);
            var later = entries[(cut + 1)..(2000 - 200 * h)].Select(e => (e.Entry.User, e.Entry.Item)).ToHashSet();
            for (int u = 0; u < 40; u++)
                foreach (int i in holdouts[h].Test.Row(u))
                {
                    Assert.Contains((u, i), later);
                    Assert.DoesNotContain(i, known.Users.Row(u).ToArray());
                }
        }
    }

    [Fact]
    public void A_search_killed_at_any_trial_goes_on_and_ends_the_same()
    {
        IReadOnlyList<Split> holdouts = RandomSplits.Holdouts(s_data), finals = RandomSplits.Finals(s_data);
        var whole = Tuner.Run(holdouts, s_short, Clock(), finals: finals);
        foreach (int after in new[] { 1, 17, whole.Trials.Count, whole.Trials.Count + 1, whole.Trials.Count + 6 })
        {
            string? kept = null;
            using var kill = new CancellationTokenSource();
            void Keep(TuningState state)
            {
                kept = state.ToJson();
                if (state.Trials.Count + state.Finals.Count == after) kill.Cancel();
            }

            try
            {
                Tuner.Run(holdouts, s_short, Clock(), progress: Keep, cancellation: kill.Token, finals: finals);
            }
            catch (OperationCanceledException)
            {
            }

            int more = 0;
            var resumed = Tuner.Run(holdouts, s_short, Clock(), TuningState.FromJson(kept!), _ => more++, finals);
            Assert.Equal(whole.Trials.Select(t => (t.Number, t.Settings, t.Score)),
                resumed.Trials.Select(t => (t.Number, t.Settings, t.Score)));
            Assert.Equal(whole.Finals.Select(t => (t.Number, t.Settings, t.Score)),
                resumed.Finals.Select(t => (t.Number, t.Settings, t.Score)));
            Assert.Equal(Math.Max(whole.Trials.Count - after, 0) + whole.Finals.Count, more);
        }
    }

    [Fact]
    public void The_final_chooses_among_the_best_of_each_kind_by_splits_the_search_has_not_seen()
    {
        var finals = RandomSplits.Finals(s_data);
        var state = Tuner.Run(RandomSplits.Holdouts(s_data), s_short, Clock(), finals: finals);
        Assert.All(state.Finals, f => Assert.Contains(state.Trials, t => t.Settings == f.Settings));
        foreach (var final in state.Finals)
        {
            var judged = Evaluation.Run(final.Settings.Train(finals[final.Split].Train), finals[final.Split]);
            Assert.Equal((judged.Recall, judged.Ndcg), (final.Recall, final.Ndcg));
        }

        // The best of the hold-outs takes part; whoever is judged on most splits has been near the best on all before, and the best mean of
        // those wins.
        var finalists = state.Finals.GroupBy(f => f.Settings).ToArray();
        Assert.True(finalists.Length > 2);
        Assert.Contains(finalists, f => f.Key == state.Trials.MaxBy(t => t.Score)!.Settings);
        int most = finalists.Max(f => f.Count());
        Assert.Equal(finalists.Where(f => f.Count() == most).MaxBy(f => f.Average(t => t.Recall) * f.Average(t => t.Ndcg))!.Key,
            state.Best!.Settings);
        foreach (var dropped in finalists.Where(f => f.Count() < most))
            Assert.True(Mean(dropped) < finalists.Where(f => f.Count() >= dropped.Count()).Max(f => Mean(f.Take(dropped.Count()))) * .98);

        static double Mean(IEnumerable<Trial> judged) => Math.Sqrt(judged.Average(t => t.Recall) * judged.Average(t => t.Ndcg));
    }

    [Fact]
    public void What_is_far_behind_on_the_first_hold_out_is_not_judged_on_the_others()
    {
        var data = TestData.Planted(600, 80, 12, 3);
        var holdouts = RandomSplits.Holdouts(data);
        var state = Tuner.Run(holdouts, s_short, Clock());
        var cut = state.Trials.Where(t => t.First == 0).ToArray();
        Assert.NotEmpty(cut);
        Trial? best = null;
        foreach (var trial in state.Trials)
        {
            if (trial.First == 0) Assert.True(trial.Score < .9 * best!.Score);
            else if (best is null || trial.Score > best.Score) best = trial;
        }

        // What went on was judged on all of them, and by means.
        var judged = holdouts.Select(h => Evaluation.Run(state.Best!.Settings.Train(h.Train), h)).ToArray();
        Assert.Equal(judged.Average(j => j.Recall), state.Best!.Recall, 1e-9);
        Assert.Equal(judged.Average(j => j.Ndcg), state.Best.Ndcg, 1e-9);
    }

    [Fact]
    public void A_state_of_other_data_is_not_gone_on_from()
    {
        var state = Tuner.Run(RandomSplits.Holdouts(s_data), s_short with { BudgetSeconds = 1 }, Clock());
        var others = RandomSplits.Holdouts(TestData.Planted(100, 80, 12, 3));
        int trials = 0;
        Tuner.Run(others, s_short with { BudgetSeconds = 1 }, Clock(), state, _ => trials++);
        Assert.True(trials > 0);
    }

    [Fact]
    public void Epochs_are_chosen_by_the_curve_and_train_to_the_same_score()
    {
        var holdouts = new[] { Splits.Random(s_data, .1) };
        var state = Tuner.Run(holdouts, s_short with { BudgetSeconds = 12, AllowNeighbourhood = false }, Clock());
        var trial = state.Trials.Where(t => t.Settings is IalsSettings).MaxBy(t => t.Score)!;
        Assert.Equal(trial.Curve.Max(), trial.Score);
        Assert.Equal(trial.Curve[((IalsSettings)trial.Settings).Epochs - 1], trial.Score);
        var again = Evaluation.Run(trial.Settings.Train(holdouts[0].Train), holdouts[0]);
        Assert.Equal(trial.Recall, again.Recall, 1e-12);
        Assert.Equal(trial.Ndcg, again.Ndcg, 1e-12);
    }

    [Fact]
    public void Nothing_to_choose_by_is_an_error_that_says_so()
    {
        var empty = Splits.Make(2, 2, [new(0, 0)], []);
        Assert.Contains("too little data", Assert.Throws<ArgumentException>(() => Tuner.Run([empty], s_short, Clock())).Message);
        Assert.Contains("MaxRank", Assert.Throws<ArgumentException>(() =>
            Tuner.Run([empty], s_short with { MaxRank = 1 }, Clock())).Message);
    }
}
