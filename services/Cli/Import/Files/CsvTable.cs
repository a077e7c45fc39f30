using CsvHelper;
using Recommender.CommandLines;

namespace Recommender.Cli.Import.Files;

/// <summary>Reads a delimited file row by row. Column names are compared without case.</summary>
internal sealed class CsvTable : IDisposable
{
    /// <summary>The name of a position that is not read.</summary>
    public const string Unnamed = "-";

    /// <summary>Longest row, in bytes: an unclosed quote ends here instead of swallowing a large file.</summary>
    private const int RowBytes = 16 * 1024 * 1024;

    private const int NamesShown = 30;

    private readonly SourceFile _file;
    private readonly CsvReader _reader;
    private readonly bool _hasHeader;
    private readonly List<CsvMalformedRecord> _malformed = [];
    private readonly Dictionary<string, int> _positions = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _repeated = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<int> _used = [];

    /// <exception cref="CommandException">The file has no header line or cannot be read.</exception>
    public CsvTable(SourceFile file, CsvDialect? dialect = null, Action<int>? readBytes = null)
    {
        dialect ??= new CsvDialect();
        _file = file;
        _hasHeader = dialect.Columns is null;

        // The reader itself splits at one ASCII character only.
        bool isReplaced = dialect.Separator is { } separator && (separator.Length > 1 || !char.IsAscii(separator[0]));
        var content = file.Open(readBytes);
        _reader = CsvReader.Create(isReplaced ? new CsvSeparatorStream(content, dialect.Separator!) : content, new CsvReaderOptions
        {
            Separator = isReplaced ? null : dialect.Separator?[0],
            HasHeader = _hasHeader,
            Mode = dialect.HasQuotes ? CsvMode.Rfc4180 : CsvMode.NoEscape,
            TrimWhitespace = true,
            TrimInsideQuotes = dialect.HasQuotes,
            TrackLineNumbers = true,
            MaxRecordSize = RowBytes,
            MalformedData = CsvMalformedDataHandling.Skip,
            FieldCountMismatch = _hasHeader ? CsvFieldCountHandling.Skip : CsvFieldCountHandling.Allow,
            OnMalformedRecord = _malformed.Add,
        });
        Guard(() => Columns = _hasHeader ? [.. _reader.Headers] : dialect.Columns!);
        if (Columns.All(c => c.Length == 0)) throw new CommandException($"{file.Path} is empty; a header line is expected.");
        for (int i = 0; i < Columns.Count; i++)
        {
            if (Columns[i] != Unnamed && !_positions.TryAdd(Columns[i], i)) _repeated.Add(Columns[i]);
        }
    }

    public IReadOnlyList<string> Columns { get; private set; } = [];

    /// <summary>The columns that nobody has looked for.</summary>
    public IEnumerable<string> UnusedColumns => Columns.Where((name, i) => !_used.Contains(i) && name.Length > 0 && name != Unnamed);

    /// <summary>1-based line of the file on which the current row begins.</summary>
    public long Line => _reader.LineNumber;

    public bool Has(string column) => _positions.ContainsKey(column);

    /// <summary>Position of a column that must be there, under the first of the names that is found.</summary>
    /// <exception cref="CommandException">It is not there, or twice; the message lists those that are.</exception>
    public int Require(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (Find(name) is { } position) return position;
        }

        string fix = _hasHeader ? " A file without a header line needs --columns." : "";
        throw new CommandException($"{_file.Path} has no column '{names[0]}'; it has: {string.Join(", ", Columns.Take(NamesShown))}.{fix}");
    }

    /// <exception cref="CommandException">More than one column has the name.</exception>
    public int? Find(string column)
    {
        if (!_positions.TryGetValue(column, out int position)) return null;
        if (_repeated.Contains(column))
        {
            throw new CommandException($"{_file.Path} has more than one column '{column}'; rename or remove all but one.");
        }
        _used.Add(position);
        return position;
    }

    /// <summary>Goes to the next row; rows that are not well formed go to <paramref name="data"/> as bad ones.</summary>
    /// <param name="data">Null when the file is read for another purpose: bad rows are passed over.</param>
    /// <exception cref="CommandException">The rest of the file cannot be read, or no row of it could be used.</exception>
    public bool Read(ImportData? data, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool hasRow = false;
            Guard(() => hasRow = _reader.Read());
            ReportMalformed(data);
            if (!hasRow)
            {
                data?.EndFile(_file);
                return false;
            }

            data?.AddRow(_file);
            if (_reader.FieldCount == Columns.Count) return true;
            data?.AddBad(_file, Line, FormattableString.Invariant($"has {_reader.FieldCount} fields; {Columns.Count} are expected"));
        }
    }

    /// <summary>A field of the current row, without the blanks around it.</summary>
    public string this[int position] => _reader.GetString(position);

    /// <summary>As the indexer; null for an absent column or an empty field.</summary>
    public string? Text(int? position) => position is { } p && this[p] is { Length: > 0 } text ? text : null;

    public void Dispose() => _reader.Dispose();

    private void ReportMalformed(ImportData? data)
    {
        foreach (var bad in _malformed)
        {
            string reason = bad.Reason switch
            {
                CsvMalformedReason.UnterminatedQuote => throw new CommandException(
                    $"{_file.Path}, line {bad.LineNumber}: a quote is opened and never closed, so the rest of the file cannot be read."),
                CsvMalformedReason.FieldCountMismatch => $"has another number of fields than the header, {Columns.Count}",
                _ => "has a quote in the wrong place",
            };

            // A quote in the wrong place may have taken many lines for one row.
            int lines = bad.RawRecord.AsSpan().TrimEnd("\r\n").Count('\n') + 1;
            if (lines > 1) reason += FormattableString.Invariant($" ({lines:N0} lines)");
            data?.AddRow(_file, lines);
            data?.AddBad(_file, bad.LineNumber, reason, lines);
        }

        _malformed.Clear();
    }

    private void Guard(Action read)
    {
        try
        {
            read();
        }
        catch (CsvFormatException e)
        {
            string reason = e.Message.TrimEnd('.');
            throw new CommandException(
                $"{_file.Path}, line {e.LineNumber}: the row cannot be read ({reason}). A row has at most {RowBytes >> 20} MB; a quote "
                    + $"may be open.",
                inner: e);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new CommandException($"{_file.Path} cannot be read to its end: {e.Message}", inner: e);
        }
    }
}
