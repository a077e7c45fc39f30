using Recommender.Benchmarks.Baskets;
using Recommender.Benchmarks.Quality;

namespace Recommender.Benchmarks.Tests;

/// <summary>The benchmark <c>baskets</c>, on generated and on public data.</summary>
public sealed class BasketVerbTests
{
    [Fact]
    public void Complements_are_found_and_substitutes_are_what_similar_items_find()
    {
        var report = BasketsVerb.Run(BasketData.GenerateTiny(), seed: 1, budgetSeconds: 2, threads: 2,
            TestContext.Current.CancellationToken);
        Assert.InRange(report.Asked, 250, 300);
        // Two of three others are popular items, the third is the complement.
        Assert.InRange(report.TogetherRecall20, .7, 1);
        Assert.True(report.TogetherRecall20 > report.SimilarRecall20);
    }

    [Fact]
    public void Bought_together_beats_plain_co_counts_by_a_tenth_on_public_data()
    {
        string? root = LearningData.Root();
        if (root is null || !Directory.Exists(Path.Combine(root, "online-retail-uci")))
            Assert.Skip("The data set online-retail-uci is not here; set RECOMMENDER_DATA to the folder of data sets.");
        var data = BasketData.Read(Path.Combine(root, "online-retail-uci"));
        var (together, coCount) = BasketsVerb.JudgeCounts(data, seed: 2);
        Assert.InRange(together / coCount, 1.1, 1.3);
    }

    [Fact]
    public void Orders_hold_each_item_once_and_are_split_by_time()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            Assert.Contains("has no online_retail.csv", Assert.Throws<FileNotFoundException>(() => BasketData.Read(folder)).Message);
            File.WriteAllText(Path.Combine(folder, "online_retail.csv"), """
                InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
                2,22A,"a, b",1,2011-01-11 08:00:00,1,,UK
                1,11,a,2,2011-01-01 08:00:00,1,7,UK
                1,11,a,1,2011-01-01 08:00:00,1,7,UK
                1,12,b,1,2011-01-01 08:00:00,1,7,UK
                1,POST,postage,1,2011-01-01 08:00:00,1,7,UK
                C3,11,a,-1,2011-01-02 08:00:00,1,7,UK
                3,11,a,1,2011-01-05 08:00:00,1,,UK
                """);
            var data = BasketData.Read(folder);
            Assert.Equal((3, 3), (data.Items, data.Customers));
            Assert.Equal([2, 1, 1], data.Baskets.Select(basket => basket.Lines.Length));
            var (earlier, later) = data.SplitTime(.2);
            Assert.Equal((2, 1), (earlier.Baskets.Count, later.Baskets.Count));
            Assert.Equal(1, new BasketQuestions(data.Baskets, 1).Count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
