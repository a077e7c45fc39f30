using CsvHelper;

namespace Recommender.Standalone.Import;

/// <summary>Reads a delimited file with a header line, row by row. Column names are compared without case.</summary>
internal sealed class CsvTable : IDisposable
{
    /// <summary>Longest row, in bytes: an unclosed quote ends here instead of swallowing a large file.</summary>
    private const int RowBytes = 16 * 1024 * 1024;

    private readonly SourceFile file;
    private readonly CsvReader reader;
    private readonly List<CsvMalformedRecord> malformed = [];
    private readonly Dictionary<string, int> positions = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="separator">Null: found out from the first lines among comma, semicolon, tab and bar.</param>
    /// <exception cref="CommandException">The file has no header line or cannot be read.</exception>
    public CsvTable(SourceFile file, char? separator = ',', Action<int>? readBytes = null)
    {
        this.file = file;
        reader = CsvReader.Create(file.Open(readBytes), new CsvReaderOptions
        {
            Separator = separator,
            TrimWhitespace = true,
            TrimInsideQuotes = true,
            TrackLineNumbers = true,
            MaxRecordSize = RowBytes,
            MalformedData = CsvMalformedDataHandling.Skip,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = malformed.Add,
        });
        Guard(() => Columns = [.. reader.Headers]);
        if (Columns.Count == 0) throw new CommandException($"{file.Path} is empty; a header line is expected.");
        for (int i = 0; i < Columns.Count; i++) positions.TryAdd(Columns[i], i);
    }

    public IReadOnlyList<string> Columns { get; private set; } = [];

    /// <summary>1-based line of the file on which the current row begins.</summary>
    public long Line => reader.LineNumber;

    public bool Has(string column) => positions.ContainsKey(column);

    /// <summary>Position of a column that must be there, under the first of the names that is found.</summary>
    /// <exception cref="CommandException">It is not; the message lists those that are.</exception>
    public int Require(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (Find(name) is { } position) return position;
        }

        throw new CommandException($"{file.Path} has no column '{names[0]}'; it has: {string.Join(", ", Columns.Take(30))}.");
    }

    public int? Find(string column) => positions.TryGetValue(column, out int position) ? position : null;

    /// <summary>Goes to the next row; rows that are not well formed go to <paramref name="data"/> as bad ones.</summary>
    /// <exception cref="CommandException">The rest of the file cannot be read.</exception>
    public bool Read(ImportData data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool more = false;
        Guard(() => more = reader.Read());
        foreach (var bad in malformed)
        {
            data.AddBad(file, bad.LineNumber, bad.Reason switch
            {
                CsvMalformedReason.UnterminatedQuote => throw new CommandException($"{file.Path}, line {bad.LineNumber}: a quote is opened and never closed, so that the rest of the file cannot be read."),
                CsvMalformedReason.FieldCountMismatch => $"has another number of fields than the header, {Columns.Count}",
                _ => "has a quote in the wrong place",
            });
        }

        malformed.Clear();
        return more;
    }

    /// <summary>A field of the current row, without the blanks around it.</summary>
    public string this[int position] => reader.GetString(position);

    /// <summary>As the indexer; null for an absent column or an empty field.</summary>
    public string? Text(int? position) => position is { } p && this[p] is { Length: > 0 } text ? text : null;

    public void Dispose() => reader.Dispose();

    private void Guard(Action read)
    {
        try
        {
            read();
        }
        catch (CsvFormatException e)
        {
            throw new CommandException($"{file.Path}, line {e.LineNumber}: {e.Message}", inner: e);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new CommandException($"{file.Path} cannot be read to its end: {e.Message}", inner: e);
        }
    }
}
