using System.Buffers;
using System.Runtime.CompilerServices;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Reading;

internal static class Ndjson
{
    public static bool Is(string? contentType) =>
        RequestReading.IsMediaType(contentType, "application/x-ndjson") || RequestReading.IsMediaType(contentType, "application/ndjson")
        || RequestReading.IsMediaType(contentType, "application/jsonl");

    /// <summary>
    /// Reads the body line by line, decompressed, at any length and in bounded memory. A line's bytes are valid until the next is requested
    /// for.
    /// </summary>
    /// <exception cref="ProblemException">The body is not in UTF-8, or in an encoding that is not read.</exception>
    /// <exception cref="ContentCodingException">The body cannot be decompressed, from here on.</exception>
    public static async IAsyncEnumerable<Line> ReadLinesAsync(HttpContext context,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = context.OpenBodyReader();
        byte[] line = ArrayPool<byte>.Shared.Rent(4096);
        int index = 0;
        bool skipping = false;
        bool isStart = true;
        bool isHeld = false;
        ReadOnlySequence<byte> buffer = default;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(cancellationToken);
                buffer = read.Buffer;
                isHeld = true;
                if (isStart)
                {
                    if (buffer.Length < JsonEncoding.StartBytes && !read.IsCompleted)
                    {
                        reader.AdvanceTo(buffer.Start, buffer.End);
                        isHeld = false;
                        continue;
                    }

                    buffer = buffer.Slice(LengthOfMark(buffer));
                    isStart = false;
                }

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
                        if (!IsBlank(line.AsSpan(0, (int)content.Length)))
                            yield return new Line(index++, line.AsMemory(0, (int)content.Length));
                    }

                    if (end is null) break;
                }

                if (!read.IsCompleted && buffer.Length > Limits.LineBytes)
                {
                    // The line is too long: skip to its end.
                    skipping = true;
                    buffer = buffer.Slice(buffer.End);
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                isHeld = false;
                if (read.IsCompleted) yield break;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(line);
            // The server reads the rest of a body that is refused, which it cannot while a part of it is held.
            if (isHeld) reader.AdvanceTo(buffer.End);
            if (reader != context.Request.BodyReader) await reader.CompleteAsync();
        }
    }

    private static int LengthOfMark(ReadOnlySequence<byte> body)
    {
        Span<byte> start = stackalloc byte[JsonEncoding.StartBytes];
        start = start[..(int)Math.Min(start.Length, body.Length)];
        body.Slice(0, start.Length).CopyTo(start);
        return JsonEncoding.ErrorOf(start) is { } error
            ? throw new ProblemException(Problem.InvalidBody(error))
            : JsonEncoding.MarkLength(start);
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;
}
