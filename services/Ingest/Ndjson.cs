using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Recommender.Contracts;
using Recommender.ServiceDefaults;

namespace Recommender.Ingest;

/// <summary>One line of an NDJSON body. <see cref="Bytes"/> is null for a line longer than <see cref="Limits.LineBytes"/>, which was skipped.</summary>
/// <param name="Index">0-based, empty lines not counted.</param>
internal readonly record struct Line(int Index, ReadOnlyMemory<byte>? Bytes);

internal static class Ndjson
{
    public static bool Is(string? contentType) =>
        RequestReading.IsMediaType(contentType, "application/x-ndjson") || RequestReading.IsMediaType(contentType, "application/ndjson") || RequestReading.IsMediaType(contentType, "application/jsonl");

    /// <summary>
    /// Reads the body line by line, at any length and in bounded memory. A line's bytes are valid until the next is asked for.
    /// </summary>
    public static async IAsyncEnumerable<Line> ReadLinesAsync(HttpContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = context.Request.BodyReader;
        byte[] line = ArrayPool<byte>.Shared.Rent(4096);
        int index = 0;
        bool skipping = false;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(cancellationToken);
                var buffer = read.Buffer;
                while (true)
                {
                    var end = buffer.PositionOf((byte)'\n');
                    if (end is null && !read.IsCompleted) break;
                    var content = end is { } newline ? buffer.Slice(0, newline) : buffer;
                    buffer = end is { } at ? buffer.Slice(buffer.GetPosition(1, at)) : buffer.Slice(buffer.End);
                    if (skipping || content.Length > Limits.LineBytes)
                    {
                        skipping = false;
                        yield return new Line(index++, null);
                    }
                    else
                    {
                        if (line.Length < content.Length)
                        {
                            ArrayPool<byte>.Shared.Return(line);
                            line = ArrayPool<byte>.Shared.Rent((int)content.Length);
                        }

                        content.CopyTo(line);
                        if (!IsBlank(line.AsSpan(0, (int)content.Length))) yield return new Line(index++, line.AsMemory(0, (int)content.Length));
                    }

                    if (end is null) break;
                }

                if (!read.IsCompleted && buffer.Length > Limits.LineBytes)
                {
                    // Too long already: drop what there is and go on to the end of the line.
                    skipping = true;
                    buffer = buffer.Slice(buffer.End);
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted) yield break;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(line);
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;
}
