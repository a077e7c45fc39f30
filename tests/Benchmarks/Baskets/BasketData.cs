using System.Globalization;
using Recommender.Benchmarks.Quality;

namespace Recommender.Benchmarks.Baskets;

/// <summary>Orders, oldest first.</summary>
internal sealed record BasketData(IReadOnlyList<Basket> Baskets, int Items, int Customers)
{
    /// <summary>Reads <c>online_retail.csv[.gz]</c>. Cancellations and codes without a leading digit (postage, fees) are left
    /// out.</summary>
    public static BasketData Read(string folder)
    {
        string path = LearningData.Find(folder, "online_retail.csv")
            ?? throw new FileNotFoundException($"{folder} has no online_retail.csv or online_retail.csv.gz.");
        var items = new Dictionary<string, int>();
        var customers = new Dictionary<string, int>();
        var orders = new Dictionary<string, (long TimeMs, int Customer, List<(int Item, double Quantity)> Lines)>();
        foreach (var row in LearningData.Csv(path))
        {
            string invoice = row["InvoiceNo"], code = row["StockCode"];
            double quantity = double.Parse(row["Quantity"], CultureInfo.InvariantCulture);
            if (quantity <= 0 || invoice.StartsWith('C') || !char.IsAsciiDigit(code[0])) continue;
            if (!orders.TryGetValue(invoice, out var order))
            {
                var time = DateTime.Parse(row["InvoiceDate"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
                string customer = row["CustomerID"] is { Length: > 0 } known ? known : "order " + invoice;
                order = (new DateTimeOffset(time).ToUnixTimeMilliseconds(), IndexOf(customers, customer), []);
                orders.Add(invoice, order);
            }

            order.Lines.Add((IndexOf(items, code), quantity));
        }

        return new BasketData([.. orders.Values.OrderBy(order => order.TimeMs)
            .Select(order => new Basket(order.TimeMs, order.Customer, [.. order.Lines.DistinctBy(line => line.Item)]))],
            items.Count, customers.Count);
    }

    /// <summary>
    /// Generated orders: an item of a pair with its complement and a few popular items. Each item comes in two variants that share their
    /// complement, but no order.
    /// </summary>
    public static BasketData GenerateTiny()
    {
        const int Pairs = 30, Popular = 5, People = 80;
        var random = new Random(5);
        var baskets = new List<Basket>();
        for (int n = 0; n < 1500; n++)
        {
            int customer = random.Next(People), pair = ((customer * 3) + random.Next(6)) % Pairs;
            var lines = new List<int> { Popular + (3 * pair) + random.Next(2), Popular + (3 * pair) + 2 };
            while (lines.Count < 4) lines.Add(random.Next(Popular));
            baskets.Add(new Basket(1_400_000_000_000 + (n * 3_600_000L), customer, [.. lines.Distinct().Select(item => (item, 1.0))]));
        }

        return new BasketData(baskets, Popular + (3 * Pairs), People);
    }

    /// <summary>Splits by time: the last part of the time from the first to the last order.</summary>
    public (BasketData Earlier, BasketData Later) SplitTime(double laterShare)
    {
        long first = Baskets[0].TimeMs, cut = first + (long)((1 - laterShare) * (Baskets[^1].TimeMs - first));
        return (this with { Baskets = [.. Baskets.Where(basket => basket.TimeMs < cut)] },
            this with { Baskets = [.. Baskets.Where(basket => basket.TimeMs >= cut)] });
    }

    private static int IndexOf(Dictionary<string, int> indexes, string id)
    {
        if (!indexes.TryGetValue(id, out int index)) indexes.Add(id, index = indexes.Count);
        return index;
    }
}
