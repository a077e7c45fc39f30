using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Recommender.Contracts;

/// <summary>The limits of the public API. Exceeding one is a client error that names the field.</summary>
public static class Limits
{
    /// <summary>Maximum length of a user, session, item or event id, in UTF-8 bytes.</summary>
    public const int IdBytes = 256;

    /// <summary>Maximum length of the <c>source</c> of a CloudEvent, in UTF-8 bytes.</summary>
    public const int SourceBytes = 1024;

    /// <summary>Maximum length of an event type, category, tag, property name or placement name, in UTF-8 bytes.</summary>
    public const int NameBytes = 128;

    /// <summary>Maximum length of a title, in UTF-8 bytes.</summary>
    public const int TitleBytes = 2048;

    /// <summary>Maximum length of a property's text or a URL, in UTF-8 bytes.</summary>
    public const int TextBytes = 8192;

    /// <summary>Maximum number of categories and tags of an item, together.</summary>
    public const int LabelsPerItem = 256;

    /// <summary>Maximum number of properties of an item or user.</summary>
    public const int Properties = 128;

    /// <summary>Maximum length of an item's content vector.</summary>
    public const int VectorLength = 4096;

    /// <summary>Maximum size of an event's <c>context</c>, in bytes of JSON.</summary>
    public const int ContextBytes = 4096;

    /// <summary>Maximum number of events in an array body. NDJSON bodies may be of any length.</summary>
    public const int EventsPerArray = 10_000;

    /// <summary>Maximum number of items in an array body. NDJSON bodies may be of any length.</summary>
    public const int ItemsPerArray = 10_000;

    /// <summary>Maximum size of a request body that is not NDJSON, in bytes after decompression.</summary>
    public const int BodyBytes = 8 * 1024 * 1024;

    /// <summary>
    /// Maximum ratio of decompressed to compressed bytes of a body. It applies above <see cref="ExpandedBytes"/> only.
    /// </summary>
    public const int ExpansionFactor = 100;

    /// <summary>Decompressed size in bytes up to which <see cref="ExpansionFactor"/> does not apply.</summary>
    public const int ExpandedBytes = 64 * 1024 * 1024;

    /// <summary>Maximum length of a request target (path and query as sent), in bytes. A cursor grows with the number of items
    /// shown.</summary>
    public const int TargetBytes = 64 * 1024;

    /// <summary>Maximum number of header fields of a request.</summary>
    public const int HeaderFields = 100;

    /// <summary>Maximum size of all header fields of a request, in bytes.</summary>
    public const int HeaderBytes = 32 * 1024;

    /// <summary>Maximum length of a line of an NDJSON body, in bytes.</summary>
    public const int LineBytes = 256 * 1024;

    /// <summary>Maximum depth of a JSON body.</summary>
    public const int JsonDepth = 16;

    /// <summary>Maximum time by which <c>occurredAt</c> may be ahead of this machine's clock.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(10);

    /// <summary>Maximum absolute value of an event.</summary>
    public const double EventValue = 1e12;

    /// <summary>Maximum <c>count</c> of a recommendation request.</summary>
    public const int RecommendationCount = 1000;

    /// <summary>
    /// Maximum number of items on all pages together. The page that reaches it is the last; it has <c>limitReached</c> if more items
    /// follow.
    /// </summary>
    public const int PagedItems = 10_000;

    /// <summary>Maximum number in <c>reasons</c>; <c>all</c> has no limit.</summary>
    public const int Reasons = 1000;

    /// <summary>Default number of reasons of an explained item.</summary>
    public const int DefaultReasons = 5;

    /// <summary>Maximum number of entries of <c>history</c> in a request.</summary>
    public const int RequestHistory = 1000;

    /// <summary>Maximum length of the query of a search, in UTF-8 bytes.</summary>
    public const int SearchQueryBytes = 1024;

    /// <summary>Maximum number of facets of a search.</summary>
    public const int SearchFacets = 8;

    /// <summary>Maximum number of values of a facet, those of most items.</summary>
    public const int FacetValues = 50;

    /// <summary>Maximum number of queries that a search suggests.</summary>
    public const int SearchSuggestions = 20;

    /// <summary>Maximum number of entries of <c>exclude</c> in a request.</summary>
    public const int RequestExclude = 10_000;

    /// <summary>Maximum number of entries of <c>itemIds</c> in a rank request.</summary>
    public const int RankItems = 10_000;

    /// <summary>Maximum number of pins in a request.</summary>
    public const int Pins = 100;

    /// <summary>Maximum number of boosts in a request.</summary>
    public const int Boosts = 32;

    /// <summary>Maximum number of conditions of a filter, in all clauses together.</summary>
    public const int FilterConditions = 64;

    /// <summary>Maximum number of values in <c>any</c> or <c>all</c> of a condition, and of texts in an array property.</summary>
    public const int ConditionValues = 1000;

    /// <summary>Maximum number of users in a batch request.</summary>
    public const int BatchUsers = 10_000;

    /// <summary>
    /// Validates an external id: 1 to <see cref="IdBytes"/> bytes of UTF-8, without control characters and unpaired surrogates. <c>.</c>
    /// and <c>..</c> are invalid, because clients, proxies and servers resolve them in paths, encoded or not.
    /// </summary>
    /// <returns>The error, worded to follow the field's name; null for a valid id.</returns>
    public static string? IdError(string? id) =>
        id is "." or ".." ? $"is '{id}', which no path can carry; use any other text" : StoredIdError(id);

    /// <summary>
    /// Validates an id of stored data that is read or removed. Unlike <see cref="IdError"/> it allows <c>.</c> and <c>..</c>, which older
    /// versions stored.
    /// </summary>
    /// <returns>The error, worded to follow the field's name; null for a valid id.</returns>
    public static string? StoredIdError(string? id) => NameError(id, IdBytes);

    /// <summary>
    /// Validates a title, URL or property text: at most <paramref name="maxBytes"/> bytes of UTF-8, without NUL, which databases refuse,
    /// and unpaired surrogates. Null is valid.
    /// </summary>
    /// <returns>The error, worded to follow the field's name; null for a valid text.</returns>
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

    /// <summary>Validates every name and text inside a JSON value like <see cref="TextError"/>, without a limit on the length.</summary>
    /// <returns>The error, worded to follow the field's name; null for a valid value.</returns>
    public static string? JsonError(JsonElement value)
    {
        // In valid UTF-8, only an escape can produce such a character.
        if (JsonMarshal.GetRawUtf8Value(value).IndexOf("\\u"u8) < 0) return null;
        try
        {
            return InnerError(value);
        }
        catch (InvalidOperationException)
        {
            // GetString throws for an unpaired surrogate.
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

    /// <summary>Validates a required name: 1 to <paramref name="maxBytes"/> bytes of UTF-8, without control characters and unpaired
    /// surrogates.</summary>
    /// <returns>The error, worded to follow the field's name; null for a valid name.</returns>
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
