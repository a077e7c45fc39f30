using System.Globalization;
using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.Standalone.Import;

/// <summary>
/// UCI "Online Retail": order lines of a shop. Rows without a customer are left out. Codes that are not products (postage, bank charges,
/// manual corrections) keep their events, but their items are not available, so that they are never recommended.
/// </summary>
internal sealed class OnlineRetail : Preset
{
    public override string Name => "online-retail";

    public override void Read(IReadOnlyList<SourceFile> files, ImportData data, Action<int> readBytes, CancellationToken cancellationToken)
    {
        var ordinals = new Dictionary<(string Invoice, string Code), int>();
        var products = new Dictionary<string, Product>();
        foreach (var file in files)
        {
            using var table = new CsvTable(file, readBytes: readBytes);
            // The second names are those of the two-year edition, "Online Retail II".
            int invoiceNo = table.Require("InvoiceNo", "Invoice"), stockCode = table.Require("StockCode"), description = table.Require("Description"),
                quantity = table.Require("Quantity"), invoiceDate = table.Require("InvoiceDate"), unitPrice = table.Require("UnitPrice", "Price"),
                customerId = table.Require("CustomerID", "Customer ID");
            while (table.Read(data, cancellationToken))
            {
                if (table.Text(customerId) is not { } customer)
                {
                    data.AddSkipped("rows without a customer");
                    continue;
                }

                if (!double.TryParse(table[quantity], NumberStyles.Float, CultureInfo.InvariantCulture, out double count))
                {
                    data.AddBad(file, table.Line, $"Quantity '{table[quantity]}' is not a number");
                    continue;
                }

                if (!TimeFormat.TryParse(table[invoiceDate], "iso", out var at) && !TimeFormat.TryParse(table[invoiceDate], "M/d/yyyy H:mm", out at))
                {
                    data.AddBad(file, table.Line, $"InvoiceDate '{table[invoiceDate]}' is not a time (yyyy-MM-dd HH:mm:ss)");
                    continue;
                }

                if (!double.TryParse(table[unitPrice], NumberStyles.Float, CultureInfo.InvariantCulture, out double price))
                {
                    data.AddBad(file, table.Line, $"UnitPrice '{table[unitPrice]}' is not a number");
                    continue;
                }

                string invoice = table[invoiceNo], code = table[stockCode];
                int ordinal = ordinals.GetValueOrDefault((invoice, code)) + 1;
                bool added = data.AddEvent(file, table.Line, new Interaction
                {
                    EventId = $"or-{invoice}-{code}-{ordinal}",
                    UserId = customer.EndsWith(".0", StringComparison.Ordinal) ? customer[..^2] : customer,
                    ItemId = code,
                    Type = invoice.StartsWith('C') || count < 0 ? "return" : "purchase",
                    Value = Math.Abs(count),
                    OccurredAt = at,
                });
                if (!added) continue;

                ordinals[(invoice, code)] = ordinal;
                if (!products.TryGetValue(code, out var product)) products[code] = product = new Product(file, table.Line, at);
                product.Add(table.Text(description), price);
            }
        }

        foreach (var (code, product) in products) data.AddItem(product.File, product.Line, product.ToItem(code));
    }

    /// <summary>What the rows of one stock code say about it.</summary>
    private sealed class Product(SourceFile file, long line, DateTimeOffset firstSold)
    {
        private readonly Dictionary<string, int> descriptions = [];
        private double lastPrice;

        public SourceFile File => file;

        public long Line => line;

        public void Add(string? description, double price)
        {
            if (description is not null) descriptions[description] = descriptions.GetValueOrDefault(description) + 1;
            if (price > 0) lastPrice = price;
        }

        /// <summary>Title: the commonest description, the earliest one of several. Price: the last one that is not zero.</summary>
        public Item ToItem(string code) => new()
        {
            ItemId = code,
            Title = descriptions.Count == 0 ? null : descriptions.MaxBy(d => d.Value).Key,
            Properties = lastPrice > 0 ? new Dictionary<string, JsonElement> { ["price"] = JsonSerializer.SerializeToElement(lastPrice) } : new Dictionary<string, JsonElement>(),
            Available = char.IsAsciiDigit(code[0]),
            PublishedAt = firstSold,
        };
    }
}
