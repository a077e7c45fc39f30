using Recommender.Cli.Import;
using Recommender.Cli.Import.Files;
using Recommender.Cli.Import.Presets;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Cli.Tests;

/// <summary>The published data sets give the published counts.</summary>
public sealed class RealDataTests
{
    [Fact]
    public void Online_retail()
    {
        var (events, items, data) = PresetTests.Read(new OnlineRetail(), DataSets.Find("online-retail-uci") + "/online_retail.csv.gz");
        Assert.Equal(406_829, events.Count);
        Assert.Equal(406_829, events.Select(e => e.EventId).Distinct().Count());
        Assert.Equal(397_924, events.Count(e => e.Type == "purchase"));
        Assert.Equal(8_905, events.Count(e => e.Type == "return"));
        Assert.Equal(4_372, events.Select(e => e.UserId).Distinct().Count());
        Assert.Equal(3_684, items.Count);
        Assert.Equal(135_080, Assert.Single(data.Skipped).Value);
        Assert.Equal(0, data.BadCount);
        Assert.Equal("WHITE HANGING HEART T-LIGHT HOLDER", items.Single(i => i.ItemId == "85123A").Title);
        Assert.All(items, i => Assert.False(string.IsNullOrEmpty(i.Title)));
    }

    [Fact]
    public void Movielens()
    {
        var (events, items, data) = PresetTests.Read(new MovieLens(), DataSets.Find("ml-latest-small"));
        Assert.Equal(100_004, events.Count);
        Assert.Equal(100_004, events.Select(e => e.EventId).Distinct().Count());
        Assert.Equal(671, events.Select(e => e.UserId).Distinct().Count());
        Assert.Equal(9_066, events.Select(e => e.ItemId).Distinct().Count());
        Assert.Equal(9_125, items.Count);
        Assert.Equal(0, data.BadCount);
        Assert.True(events.Zip(events.Skip(1)).All(p => p.First.OccurredAt <= p.Second.OccurredAt));
    }

    [Fact]
    public void Deskdrop()
    {
        var (events, _, data) = PresetTests.Read(new DeskDrop(), DataSets.Find("deskdrop"));
        Assert.Equal(72_312, events.Count);
        Assert.Equal(72_312, events.Select(e => e.EventId).Distinct().Count());
        Assert.Equal(
            [("bookmark", 2_463), ("comment", 1_611), ("follow", 1_407), ("like", 5_745), ("view", 61_086)],
            events.CountBy(e => e.Type!).Select(c => (c.Key, c.Value)).Order());
        Assert.Equal(1_895, events.Select(e => e.UserId).Distinct().Count());
        Assert.Equal(2_987, events.Select(e => e.ItemId).Distinct().Count());
        Assert.Equal(28_740, events.Select(e => e.SessionId).Distinct().Count());
        Assert.Equal(0, data.BadCount);
    }

    [Fact]
    public void Lightgcn()
    {
        using var data = new ImportData(DateTimeOffset.UtcNow);
        new LightGcn(LightGcn.DefaultStart).Read(SourceFile.Resolve([DataSets.Find("gowalla-lightgcn") + "/train.txt.gz"]),
            data, _ => { }, CancellationToken.None);
        HashSet<string> ids = [], users = [], items = [];
        foreach (var e in data.ReadEvents())
        {
            ids.Add(e.EventId!);
            users.Add(e.UserId!);
            items.Add(e.ItemId!);
        }

        Assert.Equal((810_128, 29_858, 40_981), (ids.Count, users.Count, items.Count));
        Assert.Equal(810_128, data.EventCount);
        Assert.Equal(0, data.BadCount);
        Assert.Empty(data.Skipped);
    }
}
