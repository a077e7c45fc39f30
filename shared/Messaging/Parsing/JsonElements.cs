using System.Text.Json;

namespace Recommender.Messaging.Parsing;

/// <summary>The elements of a JSON array, without reading what is in them.</summary>
public static class JsonElements
{
    /// <summary>Index and byte range of each element.</summary>
    /// <exception cref="JsonException">Not one well-formed array. Thrown before the first element is returned.</exception>
    public static List<(int Index, Range Range)> Of(ReadOnlyMemory<byte> array)
    {
        // Twice the allowed depth: an element that is too deep is that element's fault alone.
        var reader = new Utf8JsonReader(array.Span, new JsonReaderOptions { MaxDepth = 64 });
        var elements = new List<(int, Range)>();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("An array is expected.");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            elements.Add((elements.Count, start..(int)reader.BytesConsumed));
        }

        // Anything but white space behind the array throws here.
        reader.Read();
        return elements;
    }
}
