using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

/// <summary>Reads times in JSON by the rules of <see cref="Rfc3339"/>, and writes them with their offset.</summary>
public sealed class Rfc3339Converter : JsonConverter<DateTimeOffset>
{
    // No valid time is longer in practice.
    private const int MaxLength = 128;

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new InvalidFieldException("is not a text with an RFC 3339 time such as 2010-12-01T08:26:00Z");
        long length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        Span<char> text = stackalloc char[MaxLength];
        int written = length <= MaxLength ? reader.CopyString(text) : 0;
        return Rfc3339.TryParse(text[..written], out var time, out string? error) ? time : throw new InvalidFieldException(error);
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);
}
