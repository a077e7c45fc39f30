using System.Text.Json;
using Recommender.Cli.Import;
using Recommender.Cli.Import.Files;
using Recommender.Cli.Import.Presets;
using Recommender.CommandLines;
using Recommender.Contracts;
using Recommender.TestKit;
using Xunit;
using ItemPatch = Recommender.Cli.Import.ItemPatch;

namespace Recommender.Cli.Tests;

/// <summary>What each preset makes of tiny files.</summary>
public sealed class PresetTests : IDisposable
{
    private const string RetailHeader = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    internal static (List<Interaction> Events, List<ItemPatch> Items, ImportData Data) Read(Preset preset, params string[] paths)
    {
        var data = new ImportData(DateTimeOffset.UtcNow);
        preset.Read(SourceFile.Resolve(paths), data, _ => { }, CancellationToken.None);
        return ([.. data.ReadEvents()], [.. data.Items], data);
    }

    [Fact]
    public void Online_retail_makes_purchases_and_returns_and_numbers_equal_rows()
    {
        string file = _folder.Write("retail.csv", RetailHeader + """
            536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
            536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
            C536379,85123A,white holder?,-1,2010-12-01 09:41:00,2.95,14527.0,United Kingdom
            536380,POST,POSTAGE,-3,2010-12-01 09:45:00,18.0,14527,France
            536381,22960,,1,2010-12-01 09:50:00,4.25,,United Kingdom
            """);

        var (events, items, data) = Read(new OnlineRetail(), file);

        Assert.Equal(
            [
                new Interaction { EventId = "or-536365-85123A-1", UserId = "17850", ItemId = "85123A", Type = "purchase", Value = 6,
                    OccurredAt = At("2010-12-01T08:26:00Z") },
                new Interaction { EventId = "or-536365-85123A-2", UserId = "17850", ItemId = "85123A", Type = "purchase", Value = 6,
                    OccurredAt = At("2010-12-01T08:26:00Z") },
                new Interaction { EventId = "or-C536379-85123A-1", UserId = "14527", ItemId = "85123A", Type = "return", Value = 1,
                    OccurredAt = At("2010-12-01T09:41:00Z") },
                new Interaction { EventId = "or-536380-POST-1", UserId = "14527", ItemId = "POST", Type = "return", Value = 3,
                    OccurredAt = At("2010-12-01T09:45:00Z") },
            ],
            events);
        Assert.Equal(["85123A", "POST"], items.Select(i => i.ItemId));
        Assert.Equal("WHITE HOLDER", items[0].Title);
        Assert.Equal(2.95, items[0].Properties!["price"].GetDouble());
        Assert.Equal([null, false], items.Select(i => i.Available));
        Assert.Equal(1, Assert.Single(data.Skipped).Value);
        Assert.Equal(0, data.BadCount);
    }

    [Fact]
    public void Bad_rows_are_counted_with_line_and_reason_and_the_first_ten_kept()
    {
        string good = "536365,85123A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK\n";
        string file = _folder.Write("retail.csv", RetailHeader + good
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
        string file = _folder.Write("retail.csv",
            RetailHeader + "536365,85123A,\"X,6,2010-12-01 08:26:00,2.55,17850.0,UK\n536366,85123A,X,6,2010-12-01 "
                + "08:26:00,2.55,17850.0,UK\n");
        var error = Assert.Throws<CommandException>(() => Read(new OnlineRetail(), file));
        Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gzip_is_told_by_its_content_whatever_the_name()
    {
        string row = "536365,85123A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK\n";
        var plain = Read(new OnlineRetail(), _folder.Write("plain.csv.gz", RetailHeader + row));
        var packed = Read(new OnlineRetail(), _folder.WriteGzip("packed.csv", RetailHeader + row));
        Assert.Equal(plain.Events, packed.Events);
        Assert.Single(packed.Events);
    }

    [Fact]
    public void Movielens_reads_a_folder_and_tells_files_by_their_columns()
    {
        _folder.Write("README.txt", "not a table");
        _folder.Write("ratings.csv", "userId,movieId,rating,timestamp\n2,10,4.0,835355493\n1,31,2.5,1260759144\n1,1029,3.0,835355493\n");
        _folder.WriteGzip("movies.csv.gz",
            "movieId,title,genres\n31,\"City, The (Cité, La) (1995)\",Adventure|Drama\n10,Series (2007-),(no genres "
                + "listed)\n1029,Stranger Things,Drama\n");
        _folder.Write("tags.csv", "userId,movieId,tag,timestamp\n15,31,Dark,1138537770\n16,31,dark,1138537771\n16,31,odd,1138537771\n");
        _folder.Write("links.csv", "movieId,imdbId,tmdbId\n31,0112682,902\n");

        var (events, items, data) = Read(new MovieLens(), _folder.Path);

        Assert.Equal(["ml-2-10-835355493", "ml-1-1029-835355493", "ml-1-31-1260759144"], events.Select(e => e.EventId));
        Assert.Equal(new Interaction
        {
            EventId = "ml-1-31-1260759144",
            UserId = "1",
            ItemId = "31",
            Type = "rating",
            Value = 2.5,
            OccurredAt = At("2009-12-14T02:52:24Z")
        }, events[2]);
        var city = items.Single(i => i.ItemId == "31");
        Assert.Equal("City, The (Cité, La) (1995)", city.Title);
        Assert.Equal(["Adventure", "Drama"], city.Categories);
        Assert.Equal(["dark", "odd"], city.Tags);
        Assert.Equal(1995, city.Properties!["year"].GetInt32());
        Assert.Equal("https://www.imdb.com/title/tt0112682/", city.Url);
        Assert.Equal(2007, items.Single(i => i.ItemId == "10").Properties!["year"].GetInt32());
        Assert.Null(items.Single(i => i.ItemId == "10").Categories);
        Assert.Null(items.Single(i => i.ItemId == "1029").Properties);
        Assert.Equal(0, data.BadCount);
    }

    [Fact]
    public void Deskdrop_keeps_type_and_session_and_drops_what_points_to_a_person()
    {
        string file = _folder.Write("users_interactions.csv", """
            timestamp,eventType,contentId,personId,sessionId,userAgent,userRegion,userCountry
            1457963676,VIEW,8078,-389,-875,"Mozilla/5.0 (X11, Linux)",SP,BR
            1457963676,VIEW,8078,-389,-875,"Mozilla/5.0 (X11, Linux)",SP,BR
            1457963670,COMMENT CREATED,8078,692,-243,,,
            """);

        var (events, items, _) = Read(new DeskDrop(), file);

        Assert.Equal(
            [
                new Interaction { EventId = "dd-1457963670-692-8078-comment-1", UserId = "692", SessionId = "-243", ItemId = "8078",
                    Type = "comment", OccurredAt = At("2016-03-14T13:54:30Z") },
                new Interaction { EventId = "dd-1457963676--389-8078-view-1", UserId = "-389", SessionId = "-875", ItemId = "8078",
                    Type = "view", OccurredAt = At("2016-03-14T13:54:36Z") },
                new Interaction { EventId = "dd-1457963676--389-8078-view-2", UserId = "-389", SessionId = "-875", ItemId = "8078",
                    Type = "view", OccurredAt = At("2016-03-14T13:54:36Z") },
            ],
            events);
        Assert.Empty(items);
    }

    [Fact]
    public void Lightgcn_spreads_each_line_over_the_year_in_its_order()
    {
        string file = _folder.Write("train.txt", "0 5 3 9 1\n1 3\n2\n3 x\n4 7 7\n");

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
        string catalogue = _folder.Write("products.csv",
            "sku;label;groups;price;brand\nA;Red lamp;Home > Lamps;12.5;Acme\nB;Blue lamp;;;\n");
        string orders = _folder.Write("orders.csv",
            "when\twho\tsku\twhat\tn\n31/12/2023 10:00\tu1\tA\tBUY\t2\n31/12/2023 09:00\tu2\tB\tbuy\t\n31/12/2023 09:00\tu2\tB\tbuy\t\n");
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

        Assert.Equal([("u2", "B", "buy", (double?)null), ("u2", "B", "buy", null), ("u1", "A", "buy", 2)],
            events.Select(e => (e.UserId!, e.ItemId!, e.Type!, e.Value)));
        Assert.Equal(At("2023-12-31T10:00:00Z"), events[2].OccurredAt);
        Assert.Equal(3, events.Select(e => e.EventId).Distinct().Count());
        Assert.Equal(["Home", "Lamps"], items[0].Categories);
        Assert.Equal(12.5, items[0].Properties!["price"].GetDouble());
        Assert.Equal("Acme", items[0].Properties!["brand"].GetString());
        Assert.Null(items[1].Properties);
        Assert.Equal(0, data.BadCount);
    }

    [Fact]
    public void Csv_ids_come_from_the_row_not_from_its_place()
    {
        const string header = "userId,itemId,type,timestamp\n", a = "u1,A,view,1700000000\n", b = "u1,B,view,1700000000\n";
        var first = Read(new CsvPreset(new()), _folder.Write("a.csv", header + a + b));
        var second = Read(new CsvPreset(new()), _folder.Write("b.csv", header + "u9,C,view,1600000000\n" + b + a));
        Assert.Subset(second.Events.Select(e => e.EventId).ToHashSet(), first.Events.Select(e => e.EventId).ToHashSet());
        Assert.Equal(3, second.Events.Select(e => e.EventId).Distinct().Count());
    }

    [Fact]
    public void Csv_uses_own_event_ids_as_they_are_and_sends_no_bare_items()
    {
        var (events, items, _) = Read(new CsvPreset(new()),
            _folder.Write("a.csv", "eventId,userId,itemId,occurredAt\nx1,u,A,2024-01-01T00:00:00+02:00\n"));
        Assert.Equal(new Interaction { EventId = "x1", UserId = "u", ItemId = "A", Type = "view", OccurredAt = At("2023-12-31T22:00:00Z") },
            Assert.Single(events));
        Assert.Empty(items);
    }

    [Theory]
    [InlineData("userId,itemId\nu,A\n", "--time-column")]
    [InlineData("itemId,timestamp\nA,1\n", "--user-column")]
    [InlineData("who,what\nu,A\n", "no column 'itemId'")]
    [InlineData("", "empty")]
    public void Csv_without_the_needed_columns_says_what_to_do(string content, string expected)
    {
        string file = _folder.Write("a.csv", content);
        var error = Assert.Throws<CommandException>(() => Read(new CsvPreset(new()), file));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_column_that_no_file_has_is_an_error()
    {
        string file = _folder.Write("a.csv", "itemId,title,customer\nA,Lamp,u\n");
        var error = Assert.Throws<CommandException>(() => Read(new CsvPreset(new() { User = "costumer" }), file));
        Assert.Contains("'costumer'", error.Message, StringComparison.Ordinal);
        Assert.Contains("customer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_states_of_each_field_the_last_value_that_is_not_empty()
    {
        string first = _folder.Write(
            "a.csv",
            "itemId,title,category,tags,price\nA,Lamp,home|light,new,10\nB,Chair,,,\nA,Better lamp,,,12\nA,,,|,\n");
        string second = _folder.Write("b.csv", "itemId,category,brand\nA,garden,Acme\nB,,\nC,,\n");

        var (_, items, data) = Read(new CsvPreset(new() { Properties = ["price", "brand"] }), first, second);

        Assert.Equal(["A", "B", "C"], items.Select(i => i.ItemId));
        Assert.Equal("Better lamp", items[0].Title);
        Assert.Equal(["garden"], items[0].Categories);
        Assert.Equal(["new"], items[0].Tags);
        Assert.Equal([("brand", "Acme"), ("price", "12")], items[0].Properties!.Select(p => (p.Key, p.Value.ToString())).Order());
        Assert.Equal("Chair", items[1].Title);
        Assert.True(items[1] is { Categories: null, Tags: null, Properties: null, Available: null, Url: null });
        Assert.False(items[2].StatesAnything);
        Assert.Equal(0, data.BadCount);
    }

    [Fact]
    public void Csv_events_state_nothing_about_an_item_whose_fields_are_empty()
    {
        string file = _folder.Write("a.csv", "userId,itemId,timestamp,title\nu,A,1700000000,\nu,B,1700000000,Lamp\n");
        var (events, items, _) = Read(new CsvPreset(new()), file);
        Assert.Equal(2, events.Count);
        Assert.Equal("B", Assert.Single(items).ItemId);
    }

    [Fact]
    public void The_change_id_is_that_of_the_content_alone()
    {
        var properties = new Dictionary<string, JsonElement> { ["a"] = JsonElement.Parse("1"), ["b"] = JsonElement.Parse("2") };
        var patch = new ItemPatch { ItemId = "A", Title = "Lamp", Categories = ["x", "y"], Properties = properties };
        ItemPatch[] others =
        [
            patch with { ItemId = "B" },
            patch with { Title = "lamp" },
            patch with { Title = null, Url = "Lamp" },
            patch with { Categories = ["xy"] },
            patch with { Categories = null, Tags = ["x", "y"] },
            patch with { Available = false },
            patch with { Available = true },
            patch with { PublishedAt = DateTimeOffset.UnixEpoch },
            patch with { Properties = new Dictionary<string, JsonElement>(properties) { ["b"] = JsonElement.Parse("\"2\"") } },
            patch with { Properties = null },
        ];
        var reversed = patch with { Properties = properties.Reverse().ToDictionary() };
        Assert.Equal(patch.WithChangeId().ChangeId, reversed.WithChangeId().ChangeId);
        Assert.Equal(others.Length + 1, others.Append(patch).Select(p => p.WithChangeId().ChangeId).Distinct().Count());
        Assert.All(others, p => Assert.InRange(p.WithChangeId().ChangeId!.Length, 1, 256));
    }

    [Fact]
    public void Csv_numbers_keep_their_digits_and_codes_stay_text()
    {
        string file = _folder.Write(
            "a.csv",
            "itemId,p\na,9007199254740993\nb,2.50\nc,007\nd,+49123\ne,.5\nf,-3\ng,1e5\nh,TRUE\ni,12 cm\nj,-\nk,1.2.3\n");
        var (_, items, data) = Read(new CsvPreset(new() { Properties = ["p"] }), file);
        Assert.Equal(
            ["9007199254740993", "2.50", "\"007\"", "\"\\u002B49123\"", "0.5", "-3", "\"1e5\"", "true", "\"12 cm\"", "\"-\"", "\"1.2.3\""],
            items.Select(i => i.Properties!["p"].GetRawText()));
        Assert.Equal(0, data.BadCount);
    }

    [Fact]
    public void Csv_values_arrive_as_they_are()
    {
        string file = _folder.Write(
            "a.csv",
            "userId,itemId,value,timestamp\nu,A,-6,1700000000\nu,B,0.25,1700000001\nu,C,,1700000002\nu,D,\"1,5\",1700000003\n");
        var (events, _, data) = Read(new CsvPreset(new()), file);
        Assert.Equal([-6, 0.25, null], events.Select(e => e.Value));
        Assert.Equal("value '1,5' is not a number", Assert.Single(data.BadRows).Reason);
    }

    [Fact]
    public void Csv_without_a_header_takes_names_by_position()
    {
        string file = _folder.Write("u.data", "u1\t10\t5\tx\t881250949\nu2\t11\t3\tx\t891717742\nu3\t12\t3\n");
        var mapping = new CsvMapping { Dialect = new() { Separator = "\t", Columns = ["user", "item", "value", "-", "time"] } };
        var (events, _, data) = Read(new CsvPreset(mapping), file);
        Assert.Equal([("u1", "10", 5.0), ("u2", "11", 3.0)], events.Select(e => (e.UserId!, e.ItemId!, e.Value!.Value)));
        Assert.Equal((3L, 1L), (data.RowCount, data.BadCount));
        Assert.Equal("has 3 fields; 5 are expected", data.BadRows[0].Reason);
    }

    [Theory]
    [InlineData("::")]
    [InlineData("||")]
    [InlineData("\u00a6")]
    [InlineData(" ")]
    public void Csv_separators_may_have_any_length(string separator)
    {
        string content = $"userId{separator}itemId{separator}timestamp\nu{separator}A:1{separator}1700000000\n";
        string file = _folder.Write("a.txt", content);
        var (events, _, _) = Read(new CsvPreset(new() { Dialect = new() { Separator = separator } }), file);
        Assert.Equal("A:1", Assert.Single(events).ItemId);
    }

    [Fact]
    public void Csv_with_a_header_and_names_by_position_is_an_error()
    {
        string file = _folder.Write("a.csv", "user_id,product,when\nu,A,1700000000\n");
        var mapping = new CsvMapping { Start = DateTimeOffset.UnixEpoch, Dialect = new() { Columns = ["user", "item", "-"] } };
        var error = Assert.Throws<CommandException>(() => Read(new CsvPreset(mapping), file));
        Assert.Contains("'user_id' is the name of a column", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_header_in_the_middle_of_a_file_is_a_bad_row()
    {
        const string part = "userId,itemId,title\nu,A,Lamp\n";
        var (events, items, data) = Read(new CsvPreset(new() { Start = At("2024-01-01T00:00:00Z") }), _folder.Write("a.csv", part + part));
        Assert.Equal(2, events.Count);
        Assert.Single(items);
        Assert.Equal((3, "repeats the header line"), ((int)data.BadRows[0].Line, data.BadRows[0].Reason));
    }

    [Fact]
    public void Csv_does_not_choose_between_two_columns_of_one_meaning()
    {
        string file = _folder.Write("a.csv", "userId,itemId,timestamp,value,quantity\nu,A,1700000000,1,2\n");
        var error = Assert.Throws<CommandException>(() => Read(new CsvPreset(new()), file));
        Assert.Contains("'value' and 'quantity' may both be meant; name one by --value-column", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, Assert.Single(Read(new CsvPreset(new() { Value = "quantity" }), file).Events).Value);
        Assert.Equal(1, Assert.Single(Read(new CsvPreset(new() { Properties = ["quantity"] }), file).Events).Value);
    }

    [Fact]
    public void Csv_names_the_columns_that_are_not_used()
    {
        var (_, _, data) = Read(new CsvPreset(new()),
            _folder.Write("a.csv", "userId,itemId,timestamp,colour,size\nu,A,1700000000,red,L\n"));
        Assert.Contains("Columns not used: colour, size.", data.Notes);
    }

    [Fact]
    public void A_quote_in_the_wrong_place_counts_all_the_lines_it_took()
    {
        string good = "u,A,1700000000,Lamp\n";
        string quoted = "u,A,1700000000,\"Lamp\n" + good + good + "u,A,1700000000,\"Lamp\"\n";
        string file = _folder.Write("a.csv", "userId,itemId,timestamp,title\n" + good + quoted + good);
        var (events, _, data) = Read(new CsvPreset(new()), file);
        Assert.Equal(2, events.Count);
        Assert.Equal((6L, 4L), (data.RowCount, data.BadCount));
        Assert.Equal((3L, "has a quote in the wrong place (4 lines)"), (Assert.Single(data.BadRows).Line, data.BadRows[0].Reason));
    }

    [Fact]
    public void A_row_without_an_end_does_not_fill_the_memory()
    {
        string file = _folder.File("bomb.csv.gz");
        File.WriteAllBytes(file, Gzip.Pack("userId,itemId,timestamp\n" + new string('1', 40 * 1024 * 1024)));
        var error = Assert.Throws<CommandException>(() => Read(new CsvPreset(new()), file));
        Assert.Contains("line 2: the row cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quotes_can_be_text()
    {
        string file = _folder.Write("a.csv", "userId,itemId,timestamp,title\nu,A,1700000000,\"Lamp\" 12\"\n");
        var (_, items, _) = Read(new CsvPreset(new() { Dialect = new() { HasQuotes = false } }), file);
        Assert.Equal("\"Lamp\" 12\"", items[0].Title);
    }

    [Theory]
    [InlineData("u,A\0,1700000000,Lamp", "itemId holds a control character")]
    [InlineData("u,A,1700000000,La\0mp", "title holds a NUL character")]
    [InlineData("u\uFFFD,A,1700000000,Lamp", "userId holds U+FFFD")]
    [InlineData("u,A\uFFFD,1700000000,Lamp", "itemId holds U+FFFD")]
    [InlineData("u,A,1700000000,Lamp\uFFFD", "title holds U+FFFD")]
    public void A_row_with_damaged_text_is_bad_as_a_whole(string row, string reason)
    {
        string file = _folder.Write("a.csv", "userId,itemId,timestamp,title\nu,B,1700000000,Chair\n" + row + "\n");
        var (events, items, data) = Read(new CsvPreset(new()), file);
        Assert.Equal("B", Assert.Single(events).ItemId);
        Assert.Equal("B", Assert.Single(items).ItemId);
        Assert.StartsWith(reason, Assert.Single(data.BadRows).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_rows_are_events_of_their_own_and_have_the_same_ids_every_time()
    {
        const string row = "u,A,purchase,1700000000\n";
        string file = _folder.Write("a.csv", "userId,itemId,type,timestamp\n" + row + row);
        var first = Read(new CsvPreset(new()), file).Events.Select(e => e.EventId).ToList();
        Assert.Equal(2, first.Distinct().Count());
        Assert.Equal(first, Read(new CsvPreset(new()), file).Events.Select(e => e.EventId));
    }

    [Fact]
    public void Movielens_reads_the_edition_of_a_million_ratings()
    {
        _folder.Write("README", "not a table");
        _folder.Write("users.dat", "1::F::1::10::48067\n");
        _folder.Write("ratings.dat", "1::1193::5::978300760\n2::661::3::978302109\n");
        WriteLatin1(
            "movies.dat",
            "1193::Mis\u00e9rables, \"Les\" (1995)::Drama|Musical\n661::City :: Lost (1996)::\n662::James (1996)::Animation\n");

        var (events, items, data) = Read(new MovieLens(), _folder.Path);

        Assert.Equal(["ml-1-1193-978300760", "ml-2-661-978302109"], events.Select(e => e.EventId));
        Assert.Equal(("1", "1193", "rating", 5.0), (events[0].UserId!, events[0].ItemId!, events[0].Type!, events[0].Value!.Value));
        Assert.Equal(At("2000-12-31T22:12:40Z"), events[0].OccurredAt);
        Assert.Equal("Mis\u00e9rables, \"Les\" (1995)", items[0].Title);
        Assert.Equal(["Drama", "Musical"], items[0].Categories);
        Assert.Equal(1995, items[0].Properties!["year"].GetInt32());
        Assert.Equal(["1193", "662"], items.Select(i => i.ItemId));
        Assert.Equal((2L, 1L), (data.BadRows[0].Line, data.BadCount));
    }

    [Fact]
    public void Movielens_reads_the_edition_of_ten_million_ratings_in_utf8()
    {
        _folder.Write("ratings.dat", "1::122::4.5::838985046\n");
        _folder.Write("movies.dat", "122::Mis\u00e9rables (1995)::Drama\n");
        _folder.Write("tags.dat", "15::122::Dark::1138537770\n");
        var (events, items, _) = Read(new MovieLens(), _folder.Path);
        Assert.Equal(4.5, Assert.Single(events).Value);
        Assert.Equal("Mis\u00e9rables (1995)", Assert.Single(items).Title);
        Assert.Equal(["dark"], items[0].Tags);
    }

    [Fact]
    public void Movielens_reads_the_edition_of_a_hundred_thousand_ratings()
    {
        string flags = string.Join('|', Enumerable.Range(0, 19).Select(i => i is 3 or 4 ? 1 : 0));
        string none = "1|" + string.Join('|', Enumerable.Repeat(0, 18));
        _folder.Write("u.data", "196\t242\t3\t881250949\n");
        _folder.Write("u1.base", "196\t242\t3\t881250949\n");
        _folder.Write("u.user", "196|49|M|writer|55105\n");
        _folder.Write("u.genre", "unknown|0\n");
        WriteLatin1("u.item", $"242|Caf\u00e9 (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Cafe|{flags}\n267|unknown||||{none}\n");

        foreach (string[] paths in (string[][])[[_folder.Path], [_folder.File("u.data"), _folder.File("u.item")]])
        {
            var (events, items, data) = Read(new MovieLens(), paths);
            var rating = Assert.Single(events);
            Assert.Equal(("ml-196-242-881250949", "196", "242", 3), (rating.EventId, rating.UserId, rating.ItemId, rating.Value));
            Assert.Equal(At("1997-12-04T15:55:49Z"), rating.OccurredAt);
            Assert.Equal("Caf\u00e9 (1995)", items[0].Title);
            Assert.Equal(["Animation", "Children's"], items[0].Categories);
            Assert.Equal("http://us.imdb.com/M/title-exact?Cafe", items[0].Url);
            Assert.Equal("unknown", items[1].Title);
            Assert.True(items[1] is { Categories: null, Url: null, Properties: null });
            Assert.Equal(0, data.BadCount);
        }

        Assert.Single(Read(new MovieLens(), _folder.File("u1.base")).Events);
    }

    [Fact]
    public void Movielens_of_another_encoding_can_be_named()
    {
        _folder.Write("ratings.dat", "1::122::4.5::838985046\n");
        File.WriteAllBytes(_folder.File("movies.dat"), [.. "122::Caf"u8, 0xE9, .. " "u8, 0x80, .. "::Drama\n"u8]);
        var error = Assert.Throws<CommandException>(() => Read(new MovieLens(), _folder.Path));
        Assert.Contains("--encoding windows-1252", error.Message, StringComparison.Ordinal);

        using var data = new ImportData(DateTimeOffset.UtcNow);
        new MovieLens().Read(SourceFile.Resolve([_folder.Path], FileEncoding.Find("windows-1252")), data, _ => { }, CancellationToken.None);
        Assert.Equal("Caf\u00e9 \u20ac", Assert.Single(data.Items).Title);
    }

    [Fact]
    public void Deskdrop_articles_are_available_again_only_where_the_file_removed_them()
    {
        _folder.Write("users_interactions.csv", "timestamp,eventType,contentId,personId,sessionId\n1457963676,VIEW,1,2,3\n");
        _folder.Write("shared_articles.csv", """
            timestamp,eventType,contentId,title,url,lang
            1457963676,CONTENT SHARED,a,A,http://a,en
            1457963677,CONTENT SHARED,b,B,http://b,en
            1457963678,CONTENT REMOVED,b,,,
            1457963678,CONTENT REMOVED,c,C,,
            1457963679,CONTENT SHARED,c,,,
            """);
        var (_, items, _) = Read(new DeskDrop(), _folder.Path);
        Assert.Equal([("a", null), ("b", false), ("c", true)], items.Select(i => (i.ItemId, i.Available)));
        Assert.Equal(["A", "B", "C"], items.Select(i => i.Title));
        Assert.Equal("http://b", items[1].Url);
    }

    [Fact]
    public void Lightgcn_lines_without_an_end_do_not_fill_the_memory()
    {
        string file = _folder.File("train.txt.gz");
        File.WriteAllBytes(file, Gzip.Pack(new string('1', 17 * 1024 * 1024)));
        var error = Assert.Throws<CommandException>(() => Read(new LightGcn(LightGcn.DefaultStart), file));
        Assert.Contains("line 1: is longer than", error.Message, StringComparison.Ordinal);
    }

    private void WriteLatin1(string name, string content) =>
        File.WriteAllBytes(_folder.File(name), System.Text.Encoding.Latin1.GetBytes(content));

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
