using System.Buffers;
using System.Text.Unicode;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>Checks that a query string is percent-encoded UTF-8.</summary>
internal static class QueryEncoding
{
    /// <summary>The problem for an invalid query, which names the parameter; null for a valid one.</summary>
    public static Problem? Refusal(string? query)
    {
        if (query is null || !query.Contains('%')) return null;
        int start = 1;
        while (start <= query.Length)
        {
            int end = query.IndexOf('&', start);
            if (end < 0) end = query.Length;
            var parameter = query.AsSpan(start, end - start);
            if (ErrorOf(parameter) is { } error)
            {
                int sign = parameter.IndexOf('=');
                string name = (sign < 0 ? parameter : parameter[..sign]).ToString();
                return name.Length is > 0 and <= 128 && !name.Contains('%')
                    ? Problem.InvalidField(name, error)
                    : Problem.InvalidField("a parameter of the query", error) with { Field = null };
            }

            start = end + 1;
        }

        return null;
    }

    private static string? ErrorOf(ReadOnlySpan<char> text)
    {
        if (!text.Contains('%')) return null;
        byte[]? rented = null;
        Span<byte> bytes = text.Length <= 256 ? stackalloc byte[256] : rented = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            int length = 0;
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] != '%')
                {
                    // The server only accepts ASCII.
                    bytes[length++] = (byte)text[i];
                }
                else if (i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
                {
                    bytes[length++] = (byte)((FromHex(text[i + 1]) << 4) | FromHex(text[i + 2]));
                    i += 2;
                }
                else
                {
                    return "has a '%' that does not begin a percent-encoded byte";
                }
            }

            return Utf8.IsValid(bytes[..length]) ? null : "is not valid UTF-8 after percent-decoding";
        }
        finally
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static int FromHex(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
