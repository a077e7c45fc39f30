using System.Globalization;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Retrieval;
using Recommender.ServiceDefaults;

namespace Recommender.Recommend.Serving;

/// <summary>What filters look at: the attributes of the available items by position, and filters of requests turned into sets of positions.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A request may still hold a catalogue that was replaced, so nobody can say when to dispose; the index holds no handles.")]
internal sealed class ItemAttributes(int modelItems)
{
    private const string Categories = "categories";
    private const string Tags = "tags";
    private const string ItemId = "itemId";
    private const string PublishedAt = "publishedAt";

    private readonly FilterIndex _index = new();
    private readonly List<ItemAttribute> _attributes = [];
    private long _publishedVersion = -1;

    /// <summary>The available positions; null while that is all there are, which spares searches the test.</summary>
    public ItemSet? Available { get; private set; }

    /// <summary>Takes over what an item has now. One thread at a time.</summary>
    public void Set(int position, CatalogueItem item)
    {
        if (!item.Available)
        {
            _index.Remove(position);
            return;
        }

        _attributes.Clear();
        if (item.Record.Item is { } attributes)
        {
            foreach (string category in attributes.Categories) Add(Categories, AttributeValue.Of(category));
            foreach (string tag in attributes.Tags) Add(Tags, AttributeValue.Of(tag));
            if (attributes.PublishedAt is { } at) Add(PublishedAt, AttributeValue.Of(at));
            foreach (var (name, value) in attributes.Properties)
            {
                if (name is Categories or Tags or ItemId or PublishedAt) continue;
                switch (value.ValueKind)
                {
                    case JsonValueKind.String: Add(name, AttributeValue.Of(value.GetString()!)); break;
                    case JsonValueKind.Number when value.TryGetDouble(out double number) && double.IsFinite(number): Add(name, AttributeValue.Of(number)); break;
                    case JsonValueKind.True: Add(name, AttributeValue.Of(true)); break;
                    case JsonValueKind.False: Add(name, AttributeValue.Of(false)); break;
                    case JsonValueKind.Array:
                        foreach (var text in value.EnumerateArray()) if (text.ValueKind == JsonValueKind.String) Add(name, AttributeValue.Of(text.GetString()!));
                        break;
                }
            }
        }

        _index.Upsert(position, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_attributes));
    }

    /// <summary>Makes <see cref="Available"/> follow the changes.</summary>
    public void Publish()
    {
        if (_index.Version == _publishedVersion) return;
        var present = _index.Compile(null);
        _publishedVersion = _index.Version;
        Available = present.Length >= modelItems && present.Count == present.Length ? null : present;
    }

    /// <summary>The available items a filter lets through, compiled into <paramref name="target"/>.</summary>
    public void Compile(ItemFilter filter, ItemSet target) => _index.Compile(filter, target);

    /// <summary>Turns a filter of the API into one of the index.</summary>
    /// <param name="place">Where the filter stands, for error messages; null for one of the configuration: there a key no item has yet is no error.</param>
    /// <exception cref="ProblemException">A key no item has, or a value of a kind its key does not hold; names the place.</exception>
    public ItemFilter Translate(Filter filter, string? place, Catalogue catalogue)
    {
        var parts = new List<ItemFilter>();
        Translate(filter.Must, place, "must", catalogue, parts);
        var mustNot = new List<ItemFilter>();
        Translate(filter.MustNot, place, "mustNot", catalogue, mustNot);
        foreach (var part in mustNot) parts.Add(new ItemFilter.Not(part));
        if (filter.Should is { Count: > 0 })
        {
            var should = new List<ItemFilter>();
            Translate(filter.Should, place, "should", catalogue, should);
            parts.Add(new ItemFilter.Any(should));
        }

        return new ItemFilter.All(parts);
    }

    /// <summary>Items with at least one of the labels.</summary>
    public static ItemFilter WithAny(bool categories, List<string> labels) =>
        new ItemFilter.HasAny(categories ? Categories : Tags, [.. labels.Select(AttributeValue.Of)]);

    private void Translate(IReadOnlyList<Condition>? clause, string? place, string name, Catalogue catalogue, List<ItemFilter> parts)
    {
        for (int i = 0; i < (clause?.Count ?? 0); i++)
        {
            string? at = place is null ? null : $"{place}.{name}[{i}]";
            var condition = clause![i];
            var before = parts.Count;
            TranslateCondition(condition, at, catalogue, parts);

            // A condition with several tests means all of them, also under mustNot and should.
            if (parts.Count > before + 1)
            {
                var all = new ItemFilter.All(parts[before..]);
                parts.RemoveRange(before, parts.Count - before);
                parts.Add(all);
            }
        }
    }

    private void TranslateCondition(Condition condition, string? at, Catalogue catalogue, List<ItemFilter> parts)
    {
        string key = condition.Key!;
        bool ranged = condition.Gt is not null || condition.Gte is not null || condition.Lt is not null || condition.Lte is not null;
        if (key == ItemId)
        {
            if (ranged) throw Wrong(at, "", "itemId has no order; use any");
            if (condition.Any is { } ids) parts.Add(new ItemFilter.Positions([.. Texts(ids, at, "any").Select(catalogue.PositionOfId)]));
            if (condition.All is { } all) foreach (string id in Texts(all, at, "all")) parts.Add(new ItemFilter.Positions([catalogue.PositionOfId(id)]));
            if (condition.Exists is { } known) parts.Add(known ? new ItemFilter.All([]) : new ItemFilter.Any([]));
            return;
        }

        var kinds = key switch
        {
            Categories or Tags => AttributeKinds.Text,
            PublishedAt => AttributeKinds.Number,
            _ => _index.KindsOf(key),
        };
        if (kinds == AttributeKinds.None && at is not null)
            throw Wrong(at, ".key", $"'{key}' is not known: no available item has such a property. Keys are categories, tags, itemId, publishedAt and the names of properties");
        if (condition.Any is { } some) parts.Add(new ItemFilter.HasAny(key, Values(some, key, kinds, at, "any")));
        if (condition.All is { } every) parts.Add(new ItemFilter.HasAll(key, Values(every, key, kinds, at, "all")));
        if (ranged)
        {
            if ((kinds & AttributeKinds.Number) == 0 && kinds != AttributeKinds.None) throw Wrong(at, "", $"asks for a range of '{key}', which holds {Words(kinds)}");
            parts.Add(new ItemFilter.Range(key, Bound(condition.Gt, key, at, "gt"), Bound(condition.Gte, key, at, "gte"), Bound(condition.Lt, key, at, "lt"), Bound(condition.Lte, key, at, "lte")));
        }

        if (condition.Exists is { } exists) parts.Add(exists ? new ItemFilter.Exists(key) : new ItemFilter.Not(new ItemFilter.Exists(key)));
    }

    private static List<AttributeValue> Values(IReadOnlyList<JsonElement> values, string key, AttributeKinds kinds, string? at, string test)
    {
        var result = new List<AttributeValue>(values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            var value = values[i].ValueKind switch
            {
                JsonValueKind.String when key == PublishedAt => AttributeValue.Of(Time(values[i], at, $".{test}[{i}]")),
                JsonValueKind.String => AttributeValue.Of(values[i].GetString()!),
                JsonValueKind.Number => AttributeValue.Of(values[i].GetDouble()),
                _ => AttributeValue.Of(values[i].GetBoolean()),
            };
            if ((value.Kind & kinds) == 0 && kinds != AttributeKinds.None) throw Wrong(at, $".{test}[{i}]", $"is a {Word(value.Kind)}; '{key}' holds {Words(kinds)}");
            result.Add(value);
        }

        return result;
    }

    private static IEnumerable<string> Texts(IReadOnlyList<JsonElement> values, string? at, string test)
    {
        for (int i = 0; i < values.Count; i++)
            yield return values[i].ValueKind == JsonValueKind.String ? values[i].GetString()! : throw Wrong(at, $".{test}[{i}]", "is not a text");
    }

    private static double? Bound(JsonElement? bound, string key, string? at, string test)
    {
        if (bound is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && key != PublishedAt) return value.GetDouble();
        if (value.ValueKind == JsonValueKind.String && key == PublishedAt) return (Time(value, at, "." + test) - DateTimeOffset.UnixEpoch).TotalMilliseconds;
        throw Wrong(at, "." + test, key == PublishedAt ? "is not an RFC 3339 time" : "is not a number");
    }

    private static DateTimeOffset Time(JsonElement value, string? at, string test) =>
        value.TryGetDateTimeOffset(out var time) ? time : throw Wrong(at, test, "is not an RFC 3339 time");

    private static ProblemException Wrong(string? at, string test, string error) => new(Problem.InvalidField((at ?? "placement filter") + test, error));

    private static string Words(AttributeKinds kinds) => string.Join(" and ", new[] { AttributeKinds.Text, AttributeKinds.Number, AttributeKinds.Boolean }.Where(k => (kinds & k) != 0).Select(k => Word(k) + "s"));

    private static string Word(AttributeKinds kind) => kind.ToString().ToLower(CultureInfo.InvariantCulture);

    private void Add(string key, AttributeValue value) => _attributes.Add(new ItemAttribute(key, value));
}
