using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Recommender.Contracts;

/// <summary>Every limit of the public API in one place. Exceeding one is a client error that names the field.</summary>
public static class Limits
{
    /// <summary>Longest user, session, item or event id, in UTF-8 bytes.</summary>
    public const int IdBytes = 256;

    /// <summary>Longest <c>source</c> of a CloudEvent, in UTF-8 bytes.</summary>
    public const int SourceBytes = 1024;

    /// <summary>Longest event type, category, tag, property name or placement name, in UTF-8 bytes.</summary>
    public const int NameBytes = 128;

    /// <summary>Longest title, in UTF-8 bytes.</summary>
    public const int TitleBytes = 2048;

    /// <summary>Longest property text, or URL, in UTF-8 bytes.</summary>
    public const int TextBytes = 8192;

    /// <summary>Categories plus tags of one item.</summary>
    public const int LabelsPerItem = 256;

    /// <summary>Properties of one item or user.</summary>
    public const int Properties = 128;

    /// <summary>Length of an item's content vector.</summary>
    public const int VectorLength = 4096;

    /// <summary>One event's <c>context</c>, in bytes of JSON.</summary>
    public const int ContextBytes = 4096;

    /// <summary>Events in one array body. NDJSON bodies may be of any length.</summary>
    public const int EventsPerArray = 10_000;

    /// <summary>Items in one array body. NDJSON bodies may be of any length.</summary>
    public const int ItemsPerArray = 10_000;

    /// <summary>Body of one request that is not NDJSON, in bytes; of a compressed one, after decompression.</summary>
    public const int BodyBytes = 8 * 1024 * 1024;

    /// <summary>
    /// A compressed body of any length may expand to <see cref="ExpandedBytes"/> bytes, and beyond to this many times its own length.
    /// </summary>
    public const int ExpansionFactor = 100;

    /// <summary>Bytes that a compressed body of any length may expand to, however short it is.</summary>
    public const int ExpandedBytes = 64 * 1024 * 1024;

    /// <summary>Request target (path and query as sent), in bytes. A cursor in a query grows with what was shown.</summary>
    public const int TargetBytes = 64 * 1024;

    /// <summary>Header fields of one request.</summary>
    public const int HeaderFields = 100;

    /// <summary>All header fields of one request, in bytes.</summary>
    public const int HeaderBytes = 32 * 1024;

    /// <summary>One line of an NDJSON body, in bytes.</summary>
    public const int LineBytes = 256 * 1024;

    /// <summary>Depth of any JSON body.</summary>
    public const int JsonDepth = 16;

    /// <summary>How far ahead of this machine's clock <c>occurredAt</c> may be.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(10);

    /// <summary>Largest absolute value of an event.</summary>
    public const double EventValue = 1e12;

    /// <summary>Largest <c>count</c> of a recommendation request.</summary>
    public const int RecommendationCount = 1000;

    /// <summary>Items that the pages of one answer show together: the page that reaches it is the last and says <c>limitReached</c> if
    /// there are more.</summary>
    public const int PagedItems = 10_000;

    /// <summary>Largest number in <c>reasons</c>; <c>all</c> has no limit.</summary>
    public const int Reasons = 1000;

    /// <summary>Default number of reasons of an explained item.</summary>
    public const int DefaultReasons = 5;

    /// <summary>Entries of <c>history</c> in one request.</summary>
    public const int RequestHistory = 1000;

    /// <summary>Entries of <c>exclude</c> in one request.</summary>
    public const int RequestExclude = 10_000;

    /// <summary>Entries of <c>itemIds</c> of a rank request.</summary>
    public const int RankItems = 10_000;

    /// <summary>Pins of one request.</summary>
    public const int Pins = 100;

    /// <summary>Boosts of one request.</summary>
    public const int Boosts = 32;

    /// <summary>Conditions of one filter, in all of its clauses.</summary>
    public const int FilterConditions = 64;

    /// <summary>Values of one <c>any</c> or <c>all</c> condition.</summary>
    public const int ConditionValues = 1000;

    /// <summary>Users of one batch request.</summary>
    public const int BatchUsers = 10_000;

    /// <summary>
    /// Says what is wrong with an external id, or null when it is valid: 1 to <see cref="IdBytes"/> bytes of UTF-8, no control characters,
    /// no
    /// unpaired surrogates, and neither <c>.</c> nor <c>..</c>: clients, proxies and servers resolve these in paths, encoded or not.
    /// </summary>
    public static string? IdError(string? id) =>
        id is "." or ".." ? $"is '{id}', which no path can carry; use any other text" : StoredIdError(id);

    /// <summary>The rule for what refers to stored data only to take it out: <c>.</c> and <c>..</c> may have been stored before they were
    /// refused.</summary>
    public static string? StoredIdError(string? id) => NameError(id, IdBytes);

    /// <summary>
    /// Says what is wrong with a long text (title, URL, property), or null: no NUL, which databases refuse, and no unpaired surrogates.
    /// Null is valid: such texts may be left out.
    /// </summary>
    public static string? TextError(string? text, int maxBytes)
    {
        if (text is null) return null;
        if (text.Length > maxBytes || Encoding.UTF8.GetByteCount(text) > maxBytes) return $"is longer than {maxBytes} bytes";
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0') return "holds a NUL character";
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return "is not valid Unicode";
            i++;
        }

        return null;
    }

    /// <summary>The same rule for every name and text inside a JSON value.</summary>
    public static string? JsonError(JsonElement value)
    {
        // Only an escape can smuggle such a character into JSON that is valid UTF-8.
        if (JsonMarshal.GetRawUtf8Value(value).IndexOf("\\u"u8) < 0) return null;
        try
        {
            return InnerError(value);
        }
        catch (InvalidOperationException)
        {
            // An unpaired surrogate has no text form to look at.
            return "is not valid Unicode";
        }

        static string? InnerError(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.String => TextError(value.GetString(), int.MaxValue),
            JsonValueKind.Array => value.EnumerateArray().Select(InnerError).FirstOrDefault(error => error is not null),
            JsonValueKind.Object => value.EnumerateObject().Select(p => TextError(p.Name, int.MaxValue) ?? InnerError(p.Value))
                .FirstOrDefault(error => error is not null),
            _ => null,
        };
    }

    /// <summary>The same rule for any short text of at most <paramref name="maxBytes"/> bytes.</summary>
    public static string? NameError(string? text, int maxBytes = NameBytes)
    {
        if (string.IsNullOrEmpty(text)) return "is required";
        if (text.Length > maxBytes || Encoding.UTF8.GetByteCount(text) > maxBytes) return $"is longer than {maxBytes} bytes";
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsControl(c)) return "holds a control character";
            if (!char.IsSurrogate(c)) continue;
            if (!char.IsHighSurrogate(c) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return "is not valid Unicode";
            i++;
        }

        return null;
    }
}
