using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.Recommend.Filters;

/// <summary>
/// What makes a filter or boost valid: shape, limits and, for the keys every catalogue has, the kind of values. None of it depends on the
/// catalogue's items: a condition on a property that no item has, or has with values of another kind, is valid and matches nothing.
/// </summary>
internal static class FilterRules
{
    public const string Categories = "categories";
    public const string Tags = "tags";
    public const string ItemId = "itemId";
    public const string PublishedAt = "publishedAt";

    public static FieldError? Error(Filter? filter, string place)
    {
        if (filter is null) return null;
        int conditions = 0;
        return Error(filter.Must, place + ".must", ref conditions)
            ?? Error(filter.MustNot, place + ".mustNot", ref conditions)
            ?? Error(filter.Should, place + ".should", ref conditions);
    }

    public static FieldError? Error(IReadOnlyList<Boost>? boosts, string place)
    {
        if (boosts is null) return null;
        if (boosts.Count > Limits.Boosts) return new(place, $"has {boosts.Count} entries; at most {Limits.Boosts} are allowed");
        for (int i = 0; i < boosts.Count; i++)
        {
            string at = $"{place}[{i}]";
            if (boosts[i] is not { } boost) return new(at, "is null; an object is expected");
            if (!(boost.Factor > 0 && boost.Factor <= 1e6)) return new(at + ".factor", "must be above 0 and at most 1000000");
            if (boost.Filter is null) return new(at + ".filter", "is required");
            if (Error(boost.Filter, at + ".filter") is { } error) return error;
        }

        return null;
    }

    private static FieldError? Error(IReadOnlyList<Condition>? clause, string place, ref int conditions)
    {
        if (clause is null) return null;
        for (int i = 0; i < clause.Count; i++)
        {
            string at = $"{place}[{i}]";
            if (++conditions > Limits.FilterConditions)
                return new(at, $"is one condition too many; a filter may have {Limits.FilterConditions}");
            if (clause[i] is not { } condition) return new(at, "is null; a condition is expected");
            if (Error(condition, at) is { } error) return error;
        }

        return null;
    }

    private static FieldError? Error(Condition condition, string at)
    {
        if (Limits.NameError(condition.Key) is { } keyError) return new(at + ".key", keyError);
        string key = condition.Key!;
        bool isRange = condition.Gt is not null || condition.Gte is not null || condition.Lt is not null || condition.Lte is not null;
        if (condition.Any is null && condition.All is null && condition.Exists is null && !isRange)
            return new(at, "tests nothing; give any, all, gt, gte, lt, lte or exists");
        if (isRange && key is Categories or Tags or ItemId)
            return new(at, $"has bounds, but '{key}' holds texts, which have no order; give any or all");
        return Values(condition.Any, key, at + ".any") ?? Values(condition.All, key, at + ".all")
            ?? Bound(condition.Gt, key, at + ".gt") ?? Bound(condition.Gte, key, at + ".gte")
            ?? Bound(condition.Lt, key, at + ".lt") ?? Bound(condition.Lte, key, at + ".lte");
    }

    private static FieldError? Values(IReadOnlyList<JsonElement>? values, string key, string place)
    {
        if (values is null) return null;
        if (values.Count is 0 or > Limits.ConditionValues)
            return new(place, $"has {values.Count} values; 1 to {Limits.ConditionValues} are allowed");
        for (int i = 0; i < values.Count; i++)
            if (ValueError(values[i], key) is { } error) return new($"{place}[{i}]", error);
        return null;
    }

    private static string? ValueError(JsonElement value, string key) => (key, value.ValueKind) switch
    {
        (PublishedAt, _) => TimeError(value),
        (_, JsonValueKind.String) => Limits.JsonError(value),
        (Categories or Tags or ItemId, _) => "is not a text",
        (_, JsonValueKind.Number) => NumberError(value),
        (_, JsonValueKind.True or JsonValueKind.False) => null,
        _ => "is not a text, a number, true or false",
    };

    private static FieldError? Bound(JsonElement? bound, string key, string place)
    {
        if (bound is not { } value) return null;
        string? error = key == PublishedAt ? TimeError(value)
            : value.ValueKind == JsonValueKind.Number ? NumberError(value)
            : "is not a number";
        return error is null ? null : new(place, error);
    }

    private static string? NumberError(JsonElement value) => JsonNumber.TryRead(value, out _) ? null : "is too large a number";

    private static string? TimeError(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return "is not a text with an RFC 3339 time such as 2010-12-01T08:26:00Z";
        return Limits.JsonError(value) ?? (Rfc3339.TryParse(value.GetString(), out _, out string? error) ? null : error);
    }
}
