using Recommender.Contracts;
using Recommender.Standalone.Import;
using Xunit;

namespace Recommender.Standalone.Tests;

/// <summary>What each preset makes of tiny files.</summary>
public sealed class PresetTests : IDisposable
{
    private const string RetailHeader = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    internal static (List<Interaction> Events, List<Item> Items, ImportData Data) Read(Preset preset, params string[] paths)
    {
        var data = new ImportData(DateTimeOffset.UtcNow);
        preset.Read(SourceFile.Resolve(paths), data, _ => { }, CancellationToken.None);
        return ([.. data.ReadEvents()], [.. data.Items], data);
    }

    [Fact]
    public void Online_retail_makes_purchases_and_returns_and_numbers_equal_rows()
    {
        string file = folder.Write("retail.csv", RetailHeader + """
            536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
            536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
            C536379,85123A,white holder?,-1,2010-12-01 09:41:00,2.95,14527.0,United Kingdom
            536380,POST,POSTAGE,-3,2010-12-01 09:45:00,18.0,14527,France
            536381,22960,,1,2010-12-01 09:50:00,4.25,,United Kingdom
            """);

        var (events, items, data) = Read(new OnlineRetail(), file);

        Assert.Equal(
            [
                new Interaction { EventId = "or-536365-85123A-1", UserId = "17850", ItemId = "85123A", Type = "purchase", Value = 6, OccurredAt = At("2010-12-01T08:26:00Z") },
                new Interaction { EventId = "or-536365-85123A-2", UserId = "17850", ItemId = "85123A", Type = "purchase", Value = 6, OccurredAt = At("2010-12-01T08:26:00Z") },
                new Interaction { EventId = "or-C536379-85123A-1", UserId = "14527", ItemId = "85123A", Type = "return", Value = 1, OccurredAt = At("2010-12-01T09:41:00Z") },
                new Interaction { EventId = "or-536380-POST-1", UserId = "14527", ItemId = "POST", Type = "return", Value = 3, OccurredAt = At("2010-12-01T09:45:00Z") },
            ],
            events);
        Assert.Equal(["85123A", "POST"], items.Select(i => i.ItemId));
        Assert.Equal("WHITE HOLDER", items[0].Title);
        Assert.Equal(2.95, items[0].Properties["price"].GetDouble());
        Assert.Equal([true, false], items.Select(i => i.Available));
        Assert.Equal(1, Assert.Single(data.Skipped).Value);
        Assert.Equal(0, data.BadCount);
    }

    [Fact]
    public void Bad_rows_are_counted_with_line_and_reason_and_the_first_ten_kept()
    {
        string good = "536365,85123A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK\n";
        string file = folder.Write("retail.csv", RetailHeader + good
            + "536365,85123A,X,six,2010-12-01 08:26:00,2.55,17850.0,UK\n"
            + "536365,85123A,X,6,yesterday,2.55,17850.0,UK\n"
            + "536365,85123A,X,6\n"
            + "536365,,X,6,2010-12-01 08:26:00,2.55,17850.0,UK\n"
            + "536365,85123A,X\"Y,6,2010-12-01 08:26:00,2.55,17850.0,UK\n"
            + good + string.Concat(Enumerable.Repeat("1\n", 20)));

        var (events, _, data) = Read(new OnlineRetail(), file);

        Assert.Equal(["or-536365-85123A-1", "or-536365-85123A-2"], events.Select(e => e.EventId));
        Assert.Equal(25, data.BadCount);
        Assert.Equal(10, data.BadRows.Count);
        Assert.Equal([3L, 4, 5, 6, 7, 9, 10, 11, 12, 13], data.BadRows.Select(r => r.Line));
        Assert.Contains("Quantity 'six'", data.BadRows[0].Reason, StringComparison.Ordinal);
        Assert.Contains("InvoiceDate 'yesterday'", data.BadRows[1].Reason, StringComparison.Ordinal);
        Assert.Contains("fields", data.BadRows[2].Reason, StringComparison.Ordinal);
        Assert.Contains("itemId", data.BadRows[3].Reason, StringComparison.Ordinal);
        Assert.Contains("quote", data.BadRows[4].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quote_that_is_never_closed_is_an_error_and_does_not_swallow_rows()
    {
        string file = folder.Write("retail.csv", RetailHeader + "536365,85123A,\"X,6,2010-12-01 08:26:00,2.55,17850.0,UK\n536366,85123A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK\n");
        var error = Assert.Throws<CommandException>(() => Read(new OnlineRetail(), file));
        Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gzip_is_told_by_its_content_whatever_the_name()
    {
        string row = "536365,85123A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK\n";
        var plain = Read(new OnlineRetail(), folder.Write("plain.csv.gz", RetailHeader + row));
        var packed = Read(new OnlineRetail(), folder.WriteGzip("packed.csv", RetailHeader + row));
        Assert.Equal(plain.Events, packed.Events);
        Assert.Single(packed.Events);
    }

    [Fact]
    public void Movielens_reads_a_folder_and_tells_files_by_their_columns()
    {
        folder.Write("README.txt", "not a table");
        folder.Write("ratings.csv", "userId,movieId,rating,timestamp\n2,10,4.0,835355493\n1,31,2.5,1260759144\n1,1029,3.0,835355493\n");
        folder.WriteGzip("movies.csv.gz", "movieId,title,genres\n31,\"City, The (Cité, La) (1995)\",Adventure|Drama\n10,Series (2007-),(no genres listed)\n1029,Stranger Things,Drama\n");
        folder.Write("tags.csv", "userId,movieId,tag,timestamp\n15,31,Dark,1138537770\n16,31,dark,1138537771\n16,31,odd,1138537771\n");
        folder.Write("links.csv", "movieId,imdbId,tmdbId\n31,0112682,902\n");

        var (events, items, data) = Read(new MovieLens(), folder.Path);

        Assert.Equal(["ml-2-10-835355493", "ml-1-1029-835355493", "ml-1-31-1260759144"], events.Select(e => e.EventId));
        Assert.Equal(new Interaction { EventId = "ml-1-31-1260759144", UserId = "1", ItemId = "31", Type = "rating", Value = 2.5, OccurredAt = At("2009-12-14T02:52:24Z") }, events[2]);
        var city = items.Single(i => i.ItemId == "31");
        Assert.Equal("City, The (Cité, La) (1995)", city.Title);
        Assert.Equal(["Adventure", "Drama"], city.Categories);
        Assert.Equal(["dark", "odd"], city.Tags);
        Assert.Equal(1995, city.Properties["year"].GetInt32());
        Assert.Equal("https://www.imdb.com/title/tt0112682/", city.Url);
        Assert.Equal(2007, items.Single(i => i.ItemId == "10").Properties["year"].GetInt32());
        Assert.Empty(items.Single(i => i.ItemId == "10").Categories);
        Assert.Empty(items.Single(i => i.ItemId == "1029").Properties);
        Assert.Equal(0, data.BadCount);
    }

    [Fact]
    public void Deskdrop_keeps_type_and_session_and_drops_what_points_to_a_person()
    {
        string file = folder.Write("users_interactions.csv", """
            timestamp,eventType,contentId,personId,sessionId,userAgent,userRegion,userCountry
            1457963676,VIEW,8078,-389,-875,"Mozilla/5.0 (X11, Linux)",SP,BR
            1457963676,VIEW,8078,-389,-875,"Mozilla/5.0 (X11, Linux)",SP,BR
            1457963670,COMMENT CREATED,8078,692,-243,,,
            """);

        var (events, items, _) = Read(new DeskDrop(), file);

        Assert.Equal(
            [
                new Interaction { EventId = "dd-1457963670-692-8078-comment-1", UserId = "692", SessionId = "-243", ItemId = "8078", Type = "comment", OccurredAt = At("2016-03-14T13:54:30Z") },
                new Interaction { EventId = "dd-1457963676--389-8078-view-1", UserId = "-389", SessionId = "-875", ItemId = "8078", Type = "view", OccurredAt = At("2016-03-14T13:54:36Z") },
                new Interaction { EventId = "dd-1457963676--389-8078-view-2", UserId = "-389", SessionId = "-875", ItemId = "8078", Type = "view", OccurredAt = At("2016-03-14T13:54:36Z") },
            ],
            events);
        Assert.Empty(items);
    }

    [Fact]
    public void Lightgcn_spreads_each_line_over_the_year_in_its_order()
    {
        string file = folder.Write("train.txt", "0 5 3 9 1\n1 3\n2\n3 x\n4 7 7\n");

        var (events, _, data) = Read(new LightGcn(LightGcn.DefaultStart), file);

        Assert.Equal(["lg-0-5", "lg-0-3", "lg-0-9", "lg-0-1"], events.Where(e => e.UserId == "0").Select(e => e.EventId));
        Assert.Equal(["lg-0-5", "lg-1-3", "lg-4-7"], events.Where(e => e.OccurredAt == LightGcn.DefaultStart).Select(e => e.EventId));
        Assert.All(events, e => Assert.InRange(e.OccurredAt!.Value, LightGcn.DefaultStart, LightGcn.DefaultStart.AddDays(365)));
        Assert.Equal(events.OrderBy(e => e.OccurredAt).Select(e => e.EventId), events.Select(e => e.EventId));
        Assert.Equal((1L, 4L), (data.BadCount, data.BadRows[0].Line));
        Assert.Equal(1, data.Skipped["users without items"]);
        Assert.Equal(1, data.Skipped["items repeated within a line"]);
    }

    [Fact]
    public void Csv_maps_columns_and_reads_a_catalogue_beside_the_events()
    {
        string catalogue = folder.Write("products.csv", "sku;label;groups;price;brand\nA;Red lamp;Home > Lamps;12.5;Acme\nB;Blue lamp;;;\n");
        string orders = folder.Write("orders.csv", "when\twho\tsku\twhat\tn\n31/12/2023 10:00\tu1\tA\tBUY\t2\n31/12/2023 09:00\tu2\tB\tbuy\t\n31/12/2023 09:00\tu2\tB\tbuy\t\n");
        var mapping = new CsvMapping
        {
            User = "who",
            Item = "sku",
            Type = "what",
            Value = "n",
            Time = "when",
            TimeFormat = "dd/MM/yyyy HH:mm",
            Title = "label",
            Categories = "groups",
            ListSeparator = ">",
            Properties = ["price", "brand"],
        };

        var (events, items, data) = Read(new CsvPreset(mapping), catalogue, orders);

        Assert.Equal([("u2", "B", "buy", (double?)null), ("u2", "B", "buy", null), ("u1", "A", "buy", 2)], events.Select(e => (e.UserId!, e.ItemId!, e.Type!, e.Value)));
        Assert.Equal(At("2023-12-31T10:00:00Z"), events[2].OccurredAt);
        Assert.Equal(3, events.Select(e => e.EventId).Distinct().Count());
        Assert.Equal(["Home", "Lamps"], items[0].Categories);
        Assert.Equal(12.5, items[0].Properties["price"].GetDouble());
        Assert.Equal("Acme", items[0].Properties["brand"].GetString());
        Assert.Empty(items[1].Properties);
        Assert.Equal(0, data.BadCount);
    }

    [Fact]
    public void Csv_ids_come_from_the_row_not_from_its_place()
    {
        const string header = "userId,itemId,type,timestamp\n", a = "u1,A,view,1700000000\n", b = "u1,B,view,1700000000\n";
        var first = Read(new CsvPreset(new()), folder.Write("a.csv", header + a + b));
        var second = Read(new CsvPreset(new()), folder.Write("b.csv", header + "u9,C,view,1600000000\n" + b + a));
        Assert.Subset(second.Events.Select(e => e.EventId).ToHashSet(), first.Events.Select(e => e.EventId).ToHashSet());
        Assert.Equal(3, second.Events.Select(e => e.EventId).Distinct().Count());
    }

    [Fact]
    public void Csv_uses_own_event_ids_as_they_are_and_sends_no_bare_items()
    {
        var (events, items, _) = Read(new CsvPreset(new()), folder.Write("a.csv", "eventId,userId,itemId,occurredAt\nx1,u,A,2024-01-01T00:00:00+02:00\n"));
        Assert.Equal(new Interaction { EventId = "x1", UserId = "u", ItemId = "A", Type = "view", OccurredAt = At("2023-12-31T22:00:00Z") }, Assert.Single(events));
        Assert.Empty(items);
    }

    [Theory]
    [InlineData("userId,itemId\nu,A\n", "--time-column")]
    [InlineData("itemId,timestamp\nA,1\n", "--user-column")]
    [InlineData("who,what\nu,A\n", "no column 'itemId'")]
    [InlineData("", "empty")]
    public void Csv_without_the_needed_columns_says_what_to_do(string content, string expected)
    {
        string file = folder.Write("a.csv", content);
        var error = Assert.Throws<CommandException>(() => Read(new CsvPreset(new()), file));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_column_that_no_file_has_is_an_error()
    {
        string file = folder.Write("a.csv", "itemId,title,customer\nA,Lamp,u\n");
        var error = Assert.Throws<CommandException>(() => Read(new CsvPreset(new() { User = "costumer" }), file));
        Assert.Contains("'costumer'", error.Message, StringComparison.Ordinal);
        Assert.Contains("customer", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1700000000", "auto", "2023-11-14T22:13:20Z")]
    [InlineData("1700000000.5", "auto", "2023-11-14T22:13:20.5Z")]
    [InlineData("1700000000500", "auto", "2023-11-14T22:13:20.5Z")]
    [InlineData("1700000000500", "unix-ms", "2023-11-14T22:13:20.5Z")]
    [InlineData("2023-11-14 22:13:20", "auto", "2023-11-14T22:13:20Z")]
    [InlineData("2023-11-14", "auto", "2023-11-14T00:00:00Z")]
    [InlineData("14.11.2023", "dd.MM.yyyy", "2023-11-14T00:00:00Z")]
    [InlineData("11/14/2023", "auto", null)]
    [InlineData("-5", "unix", null)]
    [InlineData("NaN", "auto", null)]
    [InlineData("", "auto", null)]
    public void Times_are_read_as_utc(string text, string format, string? expected)
    {
        Assert.Equal(expected is not null, TimeFormat.TryParse(text, format, out var time));
        if (expected is not null) Assert.Equal(At(expected), time);
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
