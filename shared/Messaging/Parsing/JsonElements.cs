using System.Text.Json;

namespace Recommender.Messaging.Parsing;

/// <summary>Splits a JSON array into elements without parsing them.</summary>
public static class JsonElements
{
    /// <summary>Index and byte range of each element.</summary>
    /// <exception cref="JsonException">Not one well-formed array. Thrown before the first element is returned.</exception>
    public static List<(int Index, Range Range)> Of(ReadOnlyMemory<byte> array)
    {
        // Deeper than the limit, so that an element that is too deep does not affect others.
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

        // Throws if anything except white space follows the array.
        reader.Read();
        return elements;
    }
}
