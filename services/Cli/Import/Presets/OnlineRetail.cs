using System.Globalization;
using System.Text.Json;
using Recommender.Cli.Import.Files;
using Recommender.Cli.Import.Times;
using Recommender.Contracts;

namespace Recommender.Cli.Import.Presets;

/// <summary>
/// UCI "Online Retail": order lines of a shop. Rows without a customer are left out. Codes that are not products (postage, bank charges,
/// manual corrections) keep their events, but their items are not available, so that they are never recommended.
/// </summary>
/// <param name="zone">Zone of the invoice dates; null: UTC.</param>
internal sealed class OnlineRetail(TimeZoneInfo? zone = null) : Preset
{
    public override string Name => "online-retail";

    public override string Settings => zone?.Id ?? "";

    public override void Read(IReadOnlyList<SourceFile> files, ImportData data, Action<int> readBytes, CancellationToken cancellationToken)
    {
        var ordinals = new Dictionary<(string Invoice, string Code), int>();
        var products = new Dictionary<string, Product>();
        var times = TimeFormat.Of(TimeFormat.Rfc3339, zone ?? TimeZoneInfo.Utc, data.Now);

        // As a spreadsheet writes the original workbook.
        var americanTimes = TimeFormat.Of("M/d/yyyy H:mm", zone ?? TimeZoneInfo.Utc, data.Now);
        foreach (var file in files)
        {
            using var table = new CsvTable(file, readBytes: readBytes);
            // The second names are those of the two-year edition, "Online Retail II".
            int invoiceNo = table.Require("InvoiceNo", "Invoice"), stockCode = table.Require("StockCode"),
                description = table.Require("Description"),
                quantity = table.Require("Quantity"), invoiceDate = table.Require("InvoiceDate"),
                unitPrice = table.Require("UnitPrice", "Price"),
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

                if (times.Read(table[invoiceDate], out var at) is { } error && americanTimes.Read(table[invoiceDate], out at) is not null)
                {
                    data.AddBad(file, table.Line, $"InvoiceDate '{table[invoiceDate]}' {error}");
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
        private readonly Dictionary<string, int> _descriptions = [];
        private double _lastPrice;

        public SourceFile File => file;

        public long Line => line;

        public void Add(string? description, double price)
        {
            if (description is not null) _descriptions[description] = _descriptions.GetValueOrDefault(description) + 1;
            if (price > 0) _lastPrice = price;
        }

        /// <summary>
        /// Title: the commonest description, the earliest one of several. Price: the last one that is not zero. That a product is available
        /// is not
        /// stated anywhere, so it is not sent: one that an operator withdrew stays so.
        /// </summary>
        public ItemPatch ToItem(string code) => new()
        {
            ItemId = code,
            Title = _descriptions.Count == 0 ? null : _descriptions.MaxBy(d => d.Value).Key,
            Properties = _lastPrice > 0
                ? new Dictionary<string, JsonElement> { ["price"] = JsonSerializer.SerializeToElement(_lastPrice) }
                : null,
            Available = char.IsAsciiDigit(code[0]) ? null : false,
            PublishedAt = firstSold,
        };
    }
}
