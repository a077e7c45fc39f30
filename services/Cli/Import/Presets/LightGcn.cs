using System.Text;
using Recommender.Cli.Import.Files;
using Recommender.CommandLines;
using Recommender.Contracts;

namespace Recommender.Cli.Import.Presets;

/// <summary>
/// The plain splits of the NGCF and LightGCN papers: one line per user, <c>user item item …</c>. There are no times, so that each line's
/// items
/// are spread evenly over one year from <see cref="Start"/>, in their order; a further file takes the year after. Every user then has a
/// past and a
/// recent part, which a split by time needs.
/// </summary>
internal sealed class LightGcn(DateTimeOffset start) : Preset
{
    public static readonly DateTimeOffset DefaultStart = new(2015, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Longest line, in characters: a file without line ends does not fill the memory.</summary>
    private const int LineLength = 16 * 1024 * 1024;

    private static readonly TimeSpan s_span = TimeSpan.FromDays(365);

    public override string Name => "lightgcn";

    public override string Settings => $"{start:O}";

    public DateTimeOffset Start => start;

    public override void Read(IReadOnlyList<SourceFile> files, ImportData data, Action<int> readBytes, CancellationToken cancellationToken)
    {
        for (int i = 0; i < files.Count; i++) ReadFile(files[i], start + i * s_span, data, readBytes, cancellationToken);
    }

    private static void ReadFile(SourceFile file, DateTimeOffset from, ImportData data, Action<int> readBytes,
        CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(file.Open(readBytes));
        var seen = new HashSet<string>();
        try
        {
            var buffer = new StringBuilder();
            for (long line = 1; ReadLine(reader, buffer, file, line) is { } text; line++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                string[] fields = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length == 0) continue;
                data.AddRow(file);
                if (Array.Find(fields, f => !f.All(char.IsAsciiDigit)) is { } wrong)
                {
                    data.AddBad(file,
                        line, $"'{(wrong.Length > 40 ? wrong[..40] + "…" : wrong)}' is not an id (a number); a line is: user item item …");
                    continue;
                }

                if (fields.Length == 1)
                {
                    data.AddSkipped("users without items");
                    continue;
                }

                seen.Clear();
                for (int i = 1; i < fields.Length; i++)
                {
                    if (!seen.Add(fields[i]))
                    {
                        data.AddSkipped("items repeated within a line");
                        continue;
                    }

                    bool isAdded = data.AddEvent(file, line, new Interaction
                    {
                        EventId = $"lg-{fields[0]}-{fields[i]}",
                        UserId = fields[0],
                        ItemId = fields[i],
                        Type = "view",
                        OccurredAt = from + (i - 1) * (s_span / (fields.Length - 1)),
                    });
                    if (!isAdded) break;
                }
            }

            data.EndFile(file);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new CommandException($"{file.Path} cannot be read to its end: {e.Message}", inner: e);
        }
    }

    private static string? ReadLine(StreamReader reader, StringBuilder buffer, SourceFile file, long line)
    {
        buffer.Clear();
        int next = reader.Read();
        if (next < 0) return null;
        for (; next >= 0 && next != '\n'; next = reader.Read())
        {
            if (buffer.Length == LineLength)
            {
                throw new CommandException(
                    $"{file.Path}, line {line}: is longer than {LineLength} characters; a line is: user item item …");
            }
            if (next != '\r') buffer.Append((char)next);
        }

        return buffer.ToString();
    }
}
