using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Requests;

/// <summary>Fills a <see cref="Query"/> from a query string or a body. What is wrong ends the request with a problem that names the
/// place.</summary>
internal sealed class QueryReader(RecommendOptions options, Placements placements, EventWeights weights)
{
    /// <summary>The parameters of the GET forms. An unknown one is an error: a misspelt one must not be ignored.</summary>
    /// <param name="forUser">Whether the parameters that only make sense for a user are allowed.</param>
    public void Read(string? queryString, bool forUser, Query query)
    {
        int? count = null;
        double? diversity = null;
        bool? includeSeen = null, explain = null;
        int? reasons = null;
        foreach (var pair in new QueryStringEnumerable(queryString))
        {
            var name = pair.EncodedName.Span;
            var value = pair.EncodedValue.Span;
            switch (name)
            {
                case "count":
                    count = int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int c) ? c
                        : throw Wrong("count", $"must be a whole number from 0 to {Limits.RecommendationCount}");
                    break;
                case "category":
                    query.Categories.Add(Name(pair, "category"));
                    break;
                case "tag":
                    query.Tags.Add(Name(pair, "tag"));
                    break;
                case "cursor":
                    ReadCursor(pair.DecodeValue().Span, query);
                    break;
                case "exclude":
                    query.ExcludedIds.Add(Id(pair, "exclude"));
                    break;
                case "placement" when forUser:
                    query.Placement = FindPlacement(pair.DecodeValue().ToString());
                    break;
                case "sessionId" when forUser:
                    query.SessionId = Id(pair, "sessionId");
                    break;
                case "includeSeen" when forUser:
                    includeSeen = Flag(value, "includeSeen");
                    break;
                case "explain" when forUser:
                    explain = Flag(value, "explain");
                    break;
                case "reasons" when forUser:
                    reasons = value is "all" ? int.MaxValue : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture,
                        out int r) && r <= Limits.Reasons ? r : throw Wrong("reasons", ReasonsRule);
                    break;
                case "diversity" when forUser:
                    diversity = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double d) ? d
                        : throw Wrong("diversity", "must be a number from 0 to 1");
                    break;
                default:
                    throw Wrong(pair.DecodeName().ToString(), "is not a parameter of this request");
            }
        }

        Explain(query, explain, reasons);
        Complete(query, count, diversity, includeSeen);
    }

    /// <summary>The whole of <c>POST /v1/recommendations</c>.</summary>
    public void Read(RecommendationRequest request, Query query)
    {
        if (request.UserId is { } userId && Limits.IdError(userId) is { } userError) throw Wrong("userId", userError);
        if (request.SessionId is { } sessionId && Limits.IdError(sessionId) is { } sessionError) throw Wrong("sessionId", sessionError);
        CheckHistory(request.History);
        Throw(FilterRules.Error(request.Filter, "filter"));
        Throw(FilterRules.Error(request.Boosts, "boosts"));
        if (request.Exclude is { Count: > Limits.RequestExclude })
            throw Wrong("exclude", $"has {request.Exclude.Count} entries; at most {Limits.RequestExclude} are allowed");
        for (int i = 0; i < (request.Exclude?.Count ?? 0); i++)
        {
            if (Limits.IdError(request.Exclude![i]) is { } error) throw Wrong($"exclude[{i}]", error);
            query.ExcludedIds.Add(request.Exclude[i]);
        }

        query.UserId = request.UserId;
        query.SessionId = request.SessionId;
        query.GivenHistory = request.History;
        query.Filter = request.Filter;
        query.Boosts = request.Boosts is { Count: > 0 } ? request.Boosts : null;
        query.Pins = request.Pins is { Count: > 0 } ? request.Pins : null;
        Explain(query, request.Explain, request.Reasons);
        if (request.Placement is { } placement) query.Placement = FindPlacement(placement);
        if (request.Cursor is { } cursor) ReadCursor(cursor, query);
        Complete(query, request.Count, request.Diversity, request.IncludeSeen);
        CheckPins(query);
    }

    /// <summary>Whether and how far answers are explained. How many reasons are wanted says that reasons are.</summary>
    public static void Explain(Query query, bool? explain, JsonElement? reasons) => Explain(query, explain, reasons switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        // By its bytes, because a text with half a character cannot be compared.
        { ValueKind: JsonValueKind.String } text when JsonMarshal.GetRawUtf8Value(text).SequenceEqual("\"all\""u8) => int.MaxValue,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out int count) && count is >= 0 and <= Limits.Reasons => count,
        _ => throw Wrong("reasons", ReasonsRule),
    });

    /// <summary>Checks a history given in a request.</summary>
    public void CheckHistory(IReadOnlyList<HistoryEvent>? history)
    {
        if (history is null) return;
        if (history.Count > Limits.RequestHistory)
            throw Wrong("history", $"has {history.Count} entries; at most {Limits.RequestHistory} are allowed");
        for (int i = 0; i < history.Count; i++)
        {
            if (history[i] is not { } entry) throw Wrong($"history[{i}]", "is null; an object is expected");
            if (Limits.IdError(entry.ItemId) is { } idError) throw Wrong($"history[{i}].itemId", idError);
            if (entry.Type is { } type && Limits.NameError(type) is { } typeError) throw Wrong($"history[{i}].type", typeError);
            if (entry.Value is { } value && (!double.IsFinite(value) || Math.Abs(value) > Limits.EventValue))
                throw Wrong($"history[{i}].value", $"is not a number within ±{Limits.EventValue:0}");
            if (weights.ValueError(entry.Type ?? HistoryEvent.DefaultType, entry.Value) is { } valueError) throw Wrong(
                $"history[{i}].value", valueError);
        }
    }

    public static ProblemException Wrong(string field, string error) => new(Problem.InvalidField(field, error));

    private static string ReasonsRule => $"must be a whole number from 0 to {Limits.Reasons}, or all";

    private static void Explain(Query query, bool? explain, int? reasons)
    {
        query.Explain = explain ?? reasons is not null;
        if (reasons is { } count) query.ReasonCount = count;
    }

    private static void Throw(FieldError? error)
    {
        if (error is not null) throw Wrong(error.Field, error.Error);
    }

    private void Complete(Query query, int? count, double? diversity, bool? includeSeen)
    {
        query.Count = count ?? query.Placement?.Count ?? options.DefaultCount;
        if (query.Count is < 0 or > Limits.RecommendationCount)
            throw Wrong("count", $"must be a whole number from 0 to {Limits.RecommendationCount}");
        query.Diversity = diversity ?? query.Placement?.Diversity ?? 0;
        if (!(query.Diversity >= 0 && query.Diversity <= 1)) throw Wrong("diversity", "must be a number from 0 to 1");
        query.IncludeSeen = includeSeen ?? query.Placement?.IncludeSeen ?? false;
    }

    private static void CheckPins(Query query)
    {
        if (query.Pins is not { } pins) return;
        if (pins.Count > Limits.Pins) throw Wrong("pins", $"has {pins.Count} entries; at most {Limits.Pins} are allowed");
        for (int i = 0; i < pins.Count; i++)
        {
            if (pins[i] is not { } pin) throw Wrong($"pins[{i}]", "is null; an object is expected");
            if (Limits.IdError(pin.ItemId) is { } error) throw Wrong($"pins[{i}].itemId", error);
            if (pin.Position < 1 || pin.Position > query.Count)
                throw Wrong($"pins[{i}].position", $"must be between 1 and count, which is {query.Count}");
            for (int j = 0; j < i; j++)
            {
                if (pins[j].Position == pin.Position) throw Wrong($"pins[{i}].position", $"is taken by pins[{j}]");
                if (pins[j].ItemId == pin.ItemId) throw Wrong($"pins[{i}].itemId", $"is pinned already by pins[{j}]");
            }
        }
    }

    private Placement FindPlacement(string name) => placements.Find(name) ?? throw Wrong("placement", $"'{name}' is not configured");

    private static void ReadCursor(ReadOnlySpan<char> text, Query query)
    {
        if (!Cursor.TryRead(text, query.ShownKeys)) throw Wrong("cursor", "is not one that an answer's next gave");
        query.HasCursor = true;
    }

    private static string Name(QueryStringEnumerable.EncodedNameValuePair pair, string field)
    {
        string value = pair.DecodeValue().ToString();
        return Limits.NameError(value) is { } error ? throw Wrong(field, error) : value;
    }

    private static string Id(QueryStringEnumerable.EncodedNameValuePair pair, string field)
    {
        string value = pair.DecodeValue().ToString();
        return Limits.IdError(value) is { } error ? throw Wrong(field, error) : value;
    }

    private static bool Flag(ReadOnlySpan<char> value, string field) => value switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw Wrong(field, "must be true or false"),
    };
}
