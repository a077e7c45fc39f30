using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.Recommend.Requests;

/// <summary>What makes a filter or boost valid whatever the catalogue: shape and limits. Keys and types are checked against the catalogue when it is compiled.</summary>
internal static class FilterRules
{
    public static FieldError? Error(Filter? filter, string place)
    {
        if (filter is null) return null;
        int conditions = 0;
        return Error(filter.Must, place + ".must", ref conditions) ?? Error(filter.MustNot, place + ".mustNot", ref conditions) ?? Error(filter.Should, place + ".should", ref conditions);
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
            if (++conditions > Limits.FilterConditions) return new(at, $"is one condition too many; a filter may have {Limits.FilterConditions}");
            if (clause[i] is not { } condition) return new(at, "is null; a condition is expected");
            if (Limits.NameError(condition.Key) is { } keyError) return new(at + ".key", keyError);
            if (Values(condition.Any, at + ".any") is { } anyError) return anyError;
            if (Values(condition.All, at + ".all") is { } allError) return allError;
            bool range = condition.Gt is not null || condition.Gte is not null || condition.Lt is not null || condition.Lte is not null;
            if (condition.Any is null && condition.All is null && condition.Exists is null && !range)
                return new(at, "tests nothing; give any, all, gt, gte, lt, lte or exists");
            if (Bound(condition.Gt, at + ".gt") is { } gt) return gt;
            if (Bound(condition.Gte, at + ".gte") is { } gte) return gte;
            if (Bound(condition.Lt, at + ".lt") is { } lt) return lt;
            if (Bound(condition.Lte, at + ".lte") is { } lte) return lte;
        }

        return null;
    }

    private static FieldError? Values(IReadOnlyList<JsonElement>? values, string place)
    {
        if (values is null) return null;
        if (values.Count is 0 or > Limits.ConditionValues) return new(place, $"has {values.Count} values; 1 to {Limits.ConditionValues} are allowed");
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i].ValueKind is not (JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False))
                return new($"{place}[{i}]", "is not a text, number or boolean");
        }

        return null;
    }

    private static FieldError? Bound(JsonElement? bound, string place) => bound switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out double value) && double.IsFinite(value) => null,
        { ValueKind: JsonValueKind.String } => null,
        _ => new(place, "is not a number or a time"),
    };
}
