using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Recommender.Cli.Import.Display;
using Recommender.Cli.Import.Files;
using Recommender.Cli.Import.Presets;
using Recommender.Cli.Import.Sending;
using Recommender.Cli.Import.Times;
using Recommender.Client;
using Recommender.CommandLines;
using Spectre.Console;

namespace Recommender.Cli.Import;

/// <summary><c>import FILE… --preset NAME --to URL</c>.</summary>
internal static class ImportCommand
{
    private static readonly string[] s_presets = ["online-retail", "movielens", "deskdrop", "csv", "lightgcn"];

    public static Command Create(TextWriter output, TextWriter error)
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Files, plain or gzip, or folders of them.",
            Arity = ArgumentArity.OneOrMore
        };
        var preset = new Option<string>("--preset")
        {
            Description = $"What the files are: {string.Join(", ", s_presets)}.",
            HelpName = "NAME",
            Required = true
        };
        var to = new Option<string>("--to")
        {
            Description = "Address of the server, e.g. http://127.0.0.1:8080.",
            HelpName = "URL",
            Required = true
        };
        var key = new Option<string>("--key")
        { Description = "Key with the scope 'ingest'; better in the environment as RECOMMENDER_KEY.", HelpName = "KEY" };
        var batch = Number("--batch-size", "Events of one request.", 1000, 1, 5000);
        var parallel = Number("--parallel", "Requests in flight.", 4, 1, 64);
        var patience = Number("--patience-seconds", "How long to try again while the server is away or busy.", 120, 0, 86_400);
        var checkpoint = new Option<string>("--checkpoint")
        {
            Description =
            "File that keeps the position, so that an interrupted import continues. Default: in the user's application data.",
            HelpName = "FILE"
        };
        var restart = new Option<bool>("--restart") { Description = "Start from the beginning and ignore the checkpoint." };
        var start = new Option<string>("--start")
        {
            Description = "Time of the first event where the file has no times (lightgcn, csv).",
            HelpName = "TIME"
        };
        var encoding = new Option<string>("--encoding")
        {
            Description = $"Encoding of the files: {FileEncoding.Help}. Default: UTF-8, or the encoding of a byte order mark; invalid "
            + $"bytes end "
            + $"the import.",
            HelpName = "NAME",
        };
        var maxBad = new Option<double>("--max-bad")
        {
            Description = "Share of the rows, in percent, that may be bad and are left out; if more are, nothing is sent. 0 to 100.",
            HelpName = "PERCENT",
            DefaultValueFactory = _ => ImportOptions.DefaultMaxBadPercent,
        };
        var zone = new Option<string>("--time-zone")
        {
            Description =
            "Zone of times without an offset, e.g. Europe/London (csv, online-retail). Of an hour that a clock shows twice, the first "
                + "is taken; a time that a clock skips is a bad row. Default: UTC.",
            HelpName = "ZONE",
        };
        var csv = new CsvOptions();

        var command = new Command("import",
            "Reads files of events and items and sends them to a running server. Repeating an import changes nothing.")
        {
            files, preset, to, key, encoding, maxBad, zone, batch, parallel, patience, checkpoint, restart, start,
        };
        foreach (var option in csv.All) command.Options.Add(option);
        files.Validators.Add(r =>
        {
            // As many files as there are would otherwise take a mistyped option for one of them.
            foreach (var token in r.Tokens.Where(t => t.Value.StartsWith('-'))) r.AddError($"Unknown option '{token.Value}'.");
        });
        preset.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && !s_presets.Contains(token.Value))
                r.AddError($"Unknown preset '{token.Value}'; there are: {string.Join(", ", s_presets)}.");
        });
        to.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && !(Uri.TryCreate(token.Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
            {
                r.AddError($"--to '{token.Value}' is not an address such as http://127.0.0.1:8080.");
            }
        });
        start.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && TimeFormat.ReadOption(token.Value, DateTimeOffset.UtcNow) is null)
            {
                r.AddError($"--start '{token.Value}' is not a time such as 2024-01-31T00:00:00Z.");
            }
        });
        encoding.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && FileEncoding.Find(token.Value) is null)
            {
                r.AddError($"--encoding '{token.Value}' is unknown; there are: {FileEncoding.Help}.");
            }
        });
        maxBad.Validators.Add(r =>
        {
            if (r.Tokens is not [var token]) return;
            bool isNumber = double.TryParse(token.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent);
            if (!isNumber || percent is not (>= 0 and <= 100)) r.AddError($"--max-bad '{token.Value}' must be from 0 to 100 percent.");
        });
        zone.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && !TimeZoneInfo.TryFindSystemTimeZoneById(token.Value, out _))
            {
                r.AddError(
                    $"--time-zone '{token.Value}' is unknown; give a name such as Europe/London. Time zone data must be installed.");
            }
        });
        command.Validators.Add(r =>
        {
            string? name = r.GetResult(preset)?.Tokens is [var token] ? token.Value : null;
            foreach (var option in csv.All)
            {
                if (name is not null and not "csv" && r.GetResult(option) is { Implicit: false })
                    r.AddError($"{option.Name} is for --preset csv only.");
            }

            if (name is not null and not "csv" and not "online-retail" && r.GetResult(zone) is { Implicit: false })
            {
                r.AddError("--time-zone is for the presets csv and online-retail only.");
            }
            if (r.GetResult(zone) is { Implicit: false } && csv.FormatOf(r) is { } format && !TimeFormat.NeedsZone(format))
            {
                r.AddError($"--time-zone means nothing for --time-format {format}.");
            }
            if (name is not null and not "csv" and not "lightgcn" && r.GetResult(start) is { Implicit: false })
                r.AddError("--start is for the presets csv and lightgcn only.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var first = parsed.GetValue(start) is { } text ? TimeFormat.ReadOption(text, DateTimeOffset.UtcNow) : null;
            var timeZone = parsed.GetValue(zone) is { } zoneName ? TimeZoneInfo.FindSystemTimeZoneById(zoneName) : null;
            var options = new ImportOptions
            {
                Files = parsed.GetRequiredValue(files),
                Preset = PresetOf(parsed.GetRequiredValue(preset), first, timeZone, () => csv.Read(parsed, first, timeZone)),
                Encoding = parsed.GetValue(encoding) is { } encodingName ? FileEncoding.Find(encodingName) : null,
                MaxBadPercent = parsed.GetValue(maxBad),
                To = new Uri(parsed.GetRequiredValue(to)),
                Key = parsed.GetValue(key) ?? Environment.GetEnvironmentVariable(ServerOption.KeyVariable),
                BatchSize = parsed.GetValue(batch),
                Parallel = parsed.GetValue(parallel),
                Patience = TimeSpan.FromSeconds(parsed.GetValue(patience)),
                CheckpointFile = parsed.GetValue(checkpoint),
                Restart = parsed.GetValue(restart),
            };
            IImportDisplay display = Console.IsOutputRedirected || output != Console.Out ? new PlainDisplay(output)
                : new TerminalDisplay(AnsiConsole.Console);
            return RunAsync(options, display, output, error, cancellationToken);
        });
        return command;
    }

    private static Preset PresetOf(string name, DateTimeOffset? start, TimeZoneInfo? zone, Func<CsvMapping> csv) => name switch
    {
        "online-retail" => new OnlineRetail(zone),
        "movielens" => new MovieLens(),
        "deskdrop" => new DeskDrop(),
        "lightgcn" => new LightGcn(start ?? LightGcn.DefaultStart),
        _ => new CsvPreset(csv()),
    };

    /// <summary>Reads, sends and reports. Returns 0 when everything that was read is on the server.</summary>
    public static async Task<int> RunAsync(ImportOptions options, IImportDisplay display, TextWriter output, TextWriter error,
        CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        void Stop(PosixSignalContext context)
        {
            // The second Ctrl-C ends the process as usual.
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }

        using var data = new ImportData(DateTimeOffset.UtcNow);
        ImportReport report = new();
        try
        {
            var files = SourceFile.Resolve(options.Files, options.Encoding);
            var states = files.ConvertAll(f => f.State);
            var checkpoint = Checkpoint.Of(options, files);
            using var client = Importer.CreateClient(options);
            await display.RunAsync(async () =>
            {
                // Nothing is sent before everything is read: a file that is cut short, wrong bytes or too many bad rows leave the server as
                // it is.
                display.Stage("reading (bytes)", files.Sum(f => f.Length) * options.Preset.Passes);
                await Task.Run(() => options.Preset.Read(files, data, bytes => display.Advance(bytes), stop.Token), stop.Token);
                foreach (string line in WhatWasRead(data)) display.Note(line);
                data.ThrowIfTooManyBad(options.MaxBadPercent);
                if (data.EventCount == 0 && data.Items.Count == 0) throw new CommandException("Nothing to import: no row could be used.");
                if (!files.ConvertAll(f => f.State).SequenceEqual(states))
                {
                    throw new CommandException(
                        "A file was changed while it was read; nothing was sent. Import it again when it is complete.");
                }
                report = await new Importer(options, client, display).RunAsync(data, checkpoint, stop.Token);
            });
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await error.WriteLineAsync("Stopped. The same command continues where this run ended.");
            return ExitCode.Interrupted;
        }

        catch (ClientException e)
        {
            throw new CommandException(e.Message, inner: e);
        }

        foreach (var rejection in report.Rejections)
            await error.WriteLineAsync($"  rejected {rejection.Id}: {rejection.Field} {rejection.Error}");
        long rejected = report.ItemsRejected + report.EventsRejected;
        await output.WriteLineAsync(Summary(data, report));
        return rejected == 0 ? 0 : 1;
    }

    private static IEnumerable<string> WhatWasRead(ImportData data)
    {
        yield return Text($"Read {data.Items.Count:N0} items and {data.EventCount:N0} events.");
        foreach (string note in data.Notes) yield return note;
        foreach (var (reason, count) in data.Skipped) yield return Text($"Left out: {count:N0} {reason}.");
        if (data.BadCount == 0) yield break;
        string shown = data.BadCount > data.BadRows.Count ? $"; the first {data.BadRows.Count}" : "";
        yield return Text($"Bad rows: {data.BadCount:N0}{shown}:");
        foreach (var row in data.BadRows) yield return $"  {row.File}, line {row.Line}: {row.Reason}";
    }

    private static string Summary(ImportData data, ImportReport report)
    {
        string resumed = report.Resumed.Events + report.Resumed.Items == 0 ? ""
            : Text($" ({report.Resumed.Events:N0} events and {report.Resumed.Items:N0} items were sent before)");
        return Text($"Done: {report.EventsAccepted:N0} events and {report.ItemsAccepted:N0} items accepted, {report.EventsRejected + report.ItemsRejected:N0} rejected, {data.BadCount:N0} bad rows skipped, {data.Skipped.Values.Sum():N0} rows left out{resumed}.");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static Option<int> Number(string name, string description, int value, int min, int max)
    {
        var option = new Option<int>(name)
        {
            Description = $"{description} {min} to {max:N0}.",
            HelpName = "N",
            DefaultValueFactory = _ => value
        };
        option.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && !(int.TryParse(token.Value, CultureInfo.InvariantCulture, out int n) && n >= min && n <= max))
                r.AddError($"{name} must be a number from {min} to {max}.");
        });
        return option;
    }

    /// <summary>The column options of the preset csv.</summary>
    private sealed class CsvOptions
    {
        private const int LongestSeparator = 16;

        private readonly Option<string> _user = Column("--user-column", "of user ids (usual: userId)");
        private readonly Option<string> _session = Column("--session-column", "of session ids (usual: sessionId)");
        private readonly Option<string> _item = Column("--item-column", "of item ids (usual: itemId)");
        private readonly Option<string> _typeColumn = Column("--type-column", "of event types (usual: type)");
        private readonly Option<string> _type = new("--type")
        {
            Description =
            "Type of all events where there is no such column. Default: view.",
            HelpName = "TYPE"
        };
        private readonly Option<string> _value = Column("--value-column", "of values: quantity, rating (usual: value)");
        private readonly Option<string> _time = Column("--time-column", "of times (usual: occurredAt, timestamp)");
        private readonly Option<string> _timeFormat = new("--time-format")
        {
            Description = $"Format of the times: {TimeFormat.Help}. Numbers before 1990 or in the future are not taken for times.",
            HelpName = "FORMAT",
        };


        private readonly Option<string> _id = Column("--id-column",
            "of event ids (usual: eventId); without one, ids are made from the rows");
        private readonly Option<string> _title = Column("--title-column", "of item titles (usual: title)");
        private readonly Option<string> _categories = Column("--category-column", "of item categories (usual: categories)");
        private readonly Option<string> _tags = Column("--tag-column", "of item tags (usual: tags)");
        private readonly Option<string> _url = Column("--url-column", "of item pages (usual: url)");
        private readonly Option<string> _imageUrl = Column("--image-column", "of item pictures (usual: imageUrl)");
        private readonly Option<string[]> _properties =
            new("--property-column") { Description = "Column that becomes an item property; may be repeated.", HelpName = "COLUMN" };
        private readonly Option<string> _separator =
            new("--list-separator") { Description = "Between several categories or tags in a field. Default: |", HelpName = "TEXT" };
        private readonly Option<string> _delimiter = new("--separator", "--delimiter")
        {
            Description = "Between fields: one character or more, e.g. ::; \\t is a tab. Default: found out from the first lines.",
            HelpName = "TEXT",
        };

        private readonly Option<string> _columns = new("--columns")
        {
            Description = "Names of the columns by position, for files without a header line, e.g. user,item,-,value,time; - skips one.",
            HelpName = "NAMES",
        };

        private readonly Option<bool> _noQuotes = new("--no-quotes")
        {
            Description = "Quotes are text; by default a field may stand in double quotes.",
        };

        public CsvOptions()
        {
            _delimiter.Validators.Add(r =>
            {
                if (r.Tokens is [var token] && SeparatorError(token.Value) is { } problem) r.AddError($"--separator {problem}");
            });
            _columns.Validators.Add(r =>
            {
                if (r.Tokens is [var token] && ColumnsError(ColumnNames(token.Value)) is { } problem) r.AddError($"--columns {problem}");
            });
            _timeFormat.Validators.Add(r =>
            {
                if (r.Tokens is [var token] && !TimeFormat.IsKnown(token.Value))
                {
                    r.AddError($"--time-format '{token.Value}' is unknown; there are: {TimeFormat.Help}.");
                }
            });
            All =
            [
                _user, _session, _item, _typeColumn, _type, _value, _time, _timeFormat, _id, _title, _categories, _tags, _url, _imageUrl,
                    _properties,
                _separator, _delimiter, _columns, _noQuotes,
            ];
        }

        public IReadOnlyList<Option> All { get; }

        public string? FormatOf(CommandResult result) => result.GetResult(_timeFormat)?.Tokens is [var token] ? token.Value : null;

        public CsvMapping Read(ParseResult parsed, DateTimeOffset? start, TimeZoneInfo? zone) => new()
        {
            User = parsed.GetValue(_user),
            Session = parsed.GetValue(_session),
            Item = parsed.GetValue(_item),
            Type = parsed.GetValue(_typeColumn),
            FixedType = parsed.GetValue(_type) ?? "view",
            Value = parsed.GetValue(_value),
            Time = parsed.GetValue(_time),
            TimeFormat = parsed.GetValue(_timeFormat) ?? TimeFormat.Auto,
            Zone = zone ?? TimeZoneInfo.Utc,
            Id = parsed.GetValue(_id),
            Title = parsed.GetValue(_title),
            Categories = parsed.GetValue(_categories),
            Tags = parsed.GetValue(_tags),
            Url = parsed.GetValue(_url),
            ImageUrl = parsed.GetValue(_imageUrl),
            Properties = parsed.GetValue(_properties) ?? [],
            ListSeparator = parsed.GetValue(_separator) is { Length: > 0 } s ? s : "|",
            Dialect = new CsvDialect
            {
                Separator = parsed.GetValue(_delimiter) is { } d ? SeparatorOf(d) : null,
                Columns = parsed.GetValue(_columns) is { } names ? ColumnNames(names) : null,
                HasQuotes = !parsed.GetValue(_noQuotes),
            },
            Start = start,
        };

        private static string SeparatorOf(string text) => text.Replace("\\t", "\t", StringComparison.Ordinal);

        private static string? SeparatorError(string text)
        {
            string separator = SeparatorOf(text);
            if (separator.Length == 0 || Encoding.UTF8.GetByteCount(separator) > LongestSeparator)
            {
                return $"must have 1 to {LongestSeparator} bytes.";
            }
            return separator.AsSpan().ContainsAny("\r\n\"\0\u001F")
                ? "must not hold line ends, quotes or control characters other than a tab."
                : null;
        }

        private static string[] ColumnNames(string text) => text.Split(',', StringSplitOptions.TrimEntries);

        private static string? ColumnsError(string[] names)
        {
            if (names.Any(name => name.Length == 0)) return $"names an empty column; {CsvTable.Unnamed} skips one.";
            var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            return Array.Find(names, name => name != CsvTable.Unnamed && !seen.Add(name)) is { } twice ? $"names '{twice}' twice." : null;
        }

        private static Option<string> Column(string name, string what) =>
            new(name) { Description = $"Column {what}.", HelpName = "COLUMN" };
    }
}
