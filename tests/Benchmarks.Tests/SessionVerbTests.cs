using Recommender.Benchmarks.Quality;
using Recommender.Benchmarks.Sessions;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Judging;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Benchmarks.Tests;

/// <summary>The benchmarks <c>sessions</c> and <c>sequences</c> on generated data, and what is counted on public data.</summary>
public sealed class SessionVerbTests
{
    [Fact]
    public void Sessions_are_searched_trained_and_judged()
    {
        var (train, test) = SessionsVerb.GenerateTiny();
        var report = SessionsVerb.Run(train, test, null, 2, TestContext.Current.CancellationToken);
        Assert.Equal(100, report.Pairs);
        // Three items in 200 follow, one in ten is random.
        Assert.InRange(report.P20, .75, 1);
        Assert.InRange(report.KnnP20, .75, 1);
        Assert.InRange(report.EncoderP20, .7, 1);
        Assert.True(report.Mrr20 > report.EncoderMrr20);
    }

    [Fact]
    public void Sequences_are_searched_trained_and_judged()
    {
        var (items, sequences) = SequencesVerb.GenerateTiny();
        var report = SequencesVerb.Run(items, sequences, null, 2, TestContext.Current.CancellationToken);
        Assert.Equal(800, report.Users);
        Assert.InRange(report.Hr10, .7, 1);
        Assert.True(report.Ndcg10 > report.RulesNdcg10);
    }

    [Theory]
    [InlineData("amazon-beauty-seq", 22_363, .0802, .0498), InlineData("amazon-toys-seq", 19_412, .0953, .0620)]
    public void Sequential_rules_reach_their_published_figure(string name, int users, double hitRate, double ndcg)
    {
        string? root = LearningData.Root();
        if (root is null || !Directory.Exists(Path.Combine(root, name)))
            Assert.Skip($"The data set {name} is not here; set RECOMMENDER_DATA to the folder of data sets.");
        var (items, sequences) = SessionFiles.ReadSequences(Path.Combine(root, name));
        Assert.Equal(users, sequences.Length);
        var rules = TransitionRules.Count(SessionData.Build(items, sequences.Select(s => s[..^2])), TransitionRuleSettings.Sequential);
        var result = NextItemJudge.Judge(
            rules, [.. sequences.Select(s => new NextItemCase(s[..^1], s[^1]))], 10, repeats: false, threads: 2,
            TestContext.Current.CancellationToken);
        Assert.Equal(hitRate, Math.Round(result.HitRate, 4));
        Assert.Equal(ndcg, result.Ndcg, 1.5e-4);
    }

    [Fact]
    public void Files_that_are_missing_or_damaged_are_named()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            Assert.Contains("sequences.txt[.gz] is missing",
                Assert.Throws<FileNotFoundException>(() => SessionFiles.ReadSequences(folder)).Message);
            File.WriteAllText(Path.Combine(folder, "train_sessions.txt"), "a b c\nb c\n");
            File.WriteAllText(Path.Combine(folder, "test_pairs.txt"), "a b\tc\nc\td\n");
            var (train, test) = SessionFiles.ReadSessions(folder);
            Assert.Equal((4, 2, 3), (train.ItemCount, train.Count, train.PairCount));
            Assert.Equal([0, 1], test[0].History);
            Assert.Equal([2, 3], test.Select(t => t.Target));
            File.WriteAllText(Path.Combine(folder, "test_pairs.txt"), "a b c\n");
            Assert.Contains("Line 1 of test_pairs.txt",
                Assert.Throws<InvalidDataException>(() => SessionFiles.ReadSessions(folder)).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
