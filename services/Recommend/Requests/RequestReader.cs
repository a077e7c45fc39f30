using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Recommend.Filters;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Requests;

/// <summary>
/// Makes a <see cref="Request"/> of a query string or a body. Everything that can be wrong with a request is found here, before anything is
/// read from a store: it ends the request with a problem that names the place.
/// </summary>
internal sealed class RequestReader(RecommendOptions options, Placements placements, EventWeights weights)
{
    /// <summary>The request without parameters, by far the most frequent one.</summary>
    private readonly Request _plain = new() { Count = options.DefaultCount };

    /// <summary>Reads the parameters of the GET forms. An unknown one is an error: a misspelt one must not be ignored.</summary>
    /// <param name="recipe">One of <see cref="Recipes"/>. For recommendations the placement may have another one.</param>
    /// <exception cref="ProblemException">A parameter is wrong.</exception>
    public Request Read(string? queryString, RequestForm form, string recipe = Recipes.Recommendations)
    {
        if (string.IsNullOrEmpty(queryString)) return recipe == Recipes.Recommendations ? _plain : _plain with { Recipe = recipe };
        int? count = null;
        double? diversity = null;
        bool? includeSeen = null, explain = null;
        int? reasons = null;
        string? sessionId = null;
        Placement? placement = null;
        List<int>? shownKeys = null;
        List<string>? categories = null, tags = null, excludedIds = null;
        foreach (var pair in new QueryStringEnumerable(queryString))
        {
            var name = pair.EncodedName.Span;
            var value = pair.EncodedValue.Span;
            switch (name)
            {
                case "count":
                    count = int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int c) ? c
                        : throw Wrong("count", CountRule);
                    break;
                case "category":
                    (categories ??= []).Add(Name(pair, "category"));
                    break;
                case "tag":
                    (tags ??= []).Add(Name(pair, "tag"));
                    break;
                case "cursor":
                    shownKeys = ReadCursor(pair.DecodeValue().Span);
                    break;
                case "exclude":
                    (excludedIds ??= []).Add(Id(pair, "exclude"));
                    break;
                case "placement" when form >= RequestForm.ItemList:
                    placement = FindPlacement(pair.DecodeValue().Span);
                    break;
                case "sessionId" when form >= RequestForm.UserList:
                    sessionId = Id(pair, "sessionId");
                    break;
                case "includeSeen" when form == RequestForm.Recommendations:
                    includeSeen = Flag(value, "includeSeen");
                    break;
                case "explain" when form >= RequestForm.ItemList:
                    explain = Flag(value, "explain");
                    break;
                case "reasons" when form >= RequestForm.ItemList:
                    reasons = value is "all" ? int.MaxValue : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture,
                        out int r) && r <= Limits.Reasons ? r : throw Wrong("reasons", ReasonsRule);
                    break;
                case "diversity" when form == RequestForm.Recommendations:
                    diversity = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double d) ? d
                        : throw Wrong("diversity", DiversityRule);
                    break;
                default:
                    throw Wrong(pair.DecodeName().ToString(), "is not a parameter of this request");
            }
        }

        return new Request
        {
            Recipe = RecipeOf(recipe, placement, itemId: null),
            SessionId = sessionId,
            Count = Count(count, placement),
            Diversity = Diversity(diversity, placement),
            IncludeSeen = includeSeen ?? placement?.IncludeSeen ?? false,
            ReasonCount = ReasonCount(explain, reasons),
            Placement = placement,
            Rules = categories is null && tags is null && excludedIds is null ? ItemRules.None
                : new ItemRules { Categories = categories ?? [], Tags = tags ?? [], ExcludedIds = excludedIds ?? [] },
            ShownKeys = shownKeys,
        };
    }

    /// <summary>Reads the body of <c>POST /v1/recommendations</c>, or what another body has in common with it.</summary>
    /// <param name="of">One of <see cref="Recipes"/>. For recommendations the placement may have another one.</param>
    /// <exception cref="ProblemException">A field is wrong.</exception>
    public Request Read(RecommendationRequest body, string of = Recipes.Recommendations)
    {
        CheckSubject(body.UserId, body.SessionId, body.History);
        Throw(FilterRules.Error(body.Filter, "filter"));
        Throw(FilterRules.Error(body.Boosts, "boosts"));
        if (body.Exclude is { } exclude) CheckIds(exclude, "exclude", Limits.RequestExclude);
        int? reasonCount = ReasonCount(body.Explain, body.Reasons);
        var placement = body.Placement is { } name ? FindPlacement(name) : null;
        if (body.ItemId is { } itemId && Limits.IdError(itemId) is { } itemError) throw Wrong("itemId", itemError);
        string recipe = RecipeOf(of, placement, body.ItemId);
        var shownKeys = body.Cursor is { } cursor ? ReadCursor(cursor) : null;
        int count = Count(body.Count, placement);
        return new Request
        {
            Recipe = recipe,
            ItemId = body.ItemId,
            UserId = body.UserId,
            SessionId = body.SessionId,
            History = body.History ?? [],
            Count = count,
            Diversity = Diversity(body.Diversity, placement),
            IncludeSeen = body.IncludeSeen ?? placement?.IncludeSeen ?? false,
            ReasonCount = reasonCount,
            Placement = placement,
            Rules = new ItemRules
            {
                Filter = body.Filter,
                ExcludedIds = body.Exclude ?? [],
                Boosts = body.Boosts ?? [],
                Pins = Pins(body.Pins, count),
            },
            ShownKeys = shownKeys,
        };
    }

    /// <summary>Reads the body of <c>POST /v1/recommendations/batch</c>: one request for all of its users, whose ids are checked
    /// here.</summary>
    /// <exception cref="ProblemException">A field is wrong.</exception>
    public Request Read(BatchRequest body)
    {
        if (body.UserIds is not { Count: > 0 } userIds) throw Wrong("userIds", "is required and must not be empty");
        CheckIds(userIds, "userIds", Limits.BatchUsers);
        return Read(new RecommendationRequest
        {
            Count = body.Count,
            Filter = body.Filter,
            Boosts = body.Boosts,
            Pins = body.Pins,
            Exclude = body.Exclude,
            Diversity = body.Diversity,
            IncludeSeen = body.IncludeSeen,
            Explain = body.Explain,
            Reasons = body.Reasons,
            Placement = body.Placement,
        });
    }

    /// <summary>Reads the body of <c>POST /v1/rank</c>.</summary>
    /// <exception cref="ProblemException">A field is wrong.</exception>
    public Request Read(RankRequest body)
    {
        CheckSubject(body.UserId, body.SessionId, body.History);
        int? reasonCount = ReasonCount(body.Explain, body.Reasons);
        if (body.ItemIds is not { } itemIds) throw Wrong("itemIds", "is required");
        CheckIds(itemIds, "itemIds", Limits.RankItems);
        return new Request
        {
            UserId = body.UserId,
            SessionId = body.SessionId,
            History = body.History ?? [],
            ReasonCount = reasonCount,
            ItemIds = itemIds,
        };
    }

    public static ProblemException Wrong(string field, string error) => new(Problem.InvalidField(field, error));

    private static string CountRule => $"must be a whole number from 0 to {Limits.RecommendationCount}";

    private static string DiversityRule => "must be a number from 0 to 1";

    private static string ReasonsRule => $"must be a whole number from 0 to {Limits.Reasons}, or all";

    private void CheckSubject(string? userId, string? sessionId, IReadOnlyList<HistoryEvent>? history)
    {
        if (userId is not null && Limits.IdError(userId) is { } userError) throw Wrong("userId", userError);
        if (sessionId is not null && Limits.IdError(sessionId) is { } sessionError) throw Wrong("sessionId", sessionError);
        CheckHistory(history);
    }

    private void CheckHistory(IReadOnlyList<HistoryEvent>? history)
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

    private static void CheckIds(IReadOnlyList<string> ids, string field, int limit)
    {
        if (ids.Count > limit) throw Wrong(field, $"has {ids.Count} entries; at most {limit} are allowed");
        for (int i = 0; i < ids.Count; i++)
            if (Limits.IdError(ids[i]) is { } error) throw Wrong($"{field}[{i}]", error);
    }

    private static int? ReasonCount(bool? explain, JsonElement? reasons) => ReasonCount(explain, reasons switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        // By its bytes, because a text with half a character cannot be compared.
        { ValueKind: JsonValueKind.String } text when JsonMarshal.GetRawUtf8Value(text).SequenceEqual("\"all\""u8) => int.MaxValue,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out int count) && count is >= 0 and <= Limits.Reasons => count,
        _ => throw Wrong("reasons", ReasonsRule),
    });

    /// <summary>A number of reasons asks for them as well.</summary>
    private static int? ReasonCount(bool? explain, int? reasons) =>
        explain ?? reasons is not null ? reasons ?? Limits.DefaultReasons : null;

    private static void Throw(FieldError? error)
    {
        if (error is not null) throw Wrong(error.Field, error.Error);
    }

    private int Count(int? asked, Placement? placement)
    {
        int count = asked ?? placement?.Count ?? options.DefaultCount;
        return count is >= 0 and <= Limits.RecommendationCount ? count : throw Wrong("count", CountRule);
    }

    /// <summary>The recipe of the endpoint, or the placement's where that decides.</summary>
    private static string RecipeOf(string recipe, Placement? placement, string? itemId)
    {
        if (recipe != Recipes.Recommendations) return recipe;
        recipe = placement?.Recipe ?? recipe;
        if (Recipes.NeedItem(recipe) && itemId is null)
        {
            throw Wrong("itemId", $"is required: placement '{placement!.Name}' has the recipe {recipe}, which starts from an item; send it "
                + "with POST /v1/recommendations");
        }

        return itemId is null || Recipes.NeedItem(recipe) ? recipe
            : throw Wrong("itemId", "is allowed only with a placement whose recipe starts from an item");
    }

    private static double Diversity(double? asked, Placement? placement)
    {
        double diversity = asked ?? placement?.Diversity ?? 0;
        return diversity is >= 0 and <= 1 ? diversity : throw Wrong("diversity", DiversityRule);
    }

    private static IReadOnlyList<Pin> Pins(IReadOnlyList<Pin>? pins, int count)
    {
        if (pins is not { Count: > 0 }) return [];
        if (pins.Count > Limits.Pins) throw Wrong("pins", $"has {pins.Count} entries; at most {Limits.Pins} are allowed");
        for (int i = 0; i < pins.Count; i++)
        {
            if (pins[i] is not { } pin) throw Wrong($"pins[{i}]", "is null; an object is expected");
            if (Limits.IdError(pin.ItemId) is { } error) throw Wrong($"pins[{i}].itemId", error);
            if (pin.Position < 1 || pin.Position > count)
                throw Wrong($"pins[{i}].position", $"must be between 1 and count, which is {count}");
            for (int j = 0; j < i; j++)
            {
                if (pins[j].Position == pin.Position) throw Wrong($"pins[{i}].position", $"is taken by pins[{j}]");
                if (pins[j].ItemId == pin.ItemId) throw Wrong($"pins[{i}].itemId", $"is pinned already by pins[{j}]");
            }
        }

        return [.. pins.OrderBy(pin => pin.Position)];
    }

    private Placement FindPlacement(ReadOnlySpan<char> name) => placements.Find(name)
        ?? throw Wrong("placement", $"'{name}' is not configured");

    private static List<int> ReadCursor(ReadOnlySpan<char> text)
    {
        var keys = new List<int>();
        return Cursor.TryRead(text, keys) ? keys : throw Wrong("cursor", "is not one that an answer's next gave");
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

    /// <exception cref="ProblemException">The value is neither true nor false.</exception>
    internal static bool Flag(ReadOnlySpan<char> value, string field) => value switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw Wrong(field, "must be true or false"),
    };
}
