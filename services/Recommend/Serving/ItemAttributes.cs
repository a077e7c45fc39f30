using System.Text.Json;
using Recommender.Contracts;
using Recommender.Recommend.Filters;
using Recommender.Retrieval;
using Recommender.Retrieval.Filters;

namespace Recommender.Recommend.Serving;

/// <summary>What filters look at: the attributes of the available items by position, and filters of requests turned into sets of
/// positions.</summary>
internal sealed class ItemAttributes(int modelItems)
{
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
            foreach (string category in attributes.Categories) Add(FilterRules.Categories, AttributeValue.Of(category));
            foreach (string tag in attributes.Tags) Add(FilterRules.Tags, AttributeValue.Of(tag));
            if (attributes.PublishedAt is { } at) Add(FilterRules.PublishedAt, AttributeValue.Of(at));
            foreach (var (name, value) in attributes.Properties)
            {
                if (name is FilterRules.Categories or FilterRules.Tags or FilterRules.ItemId or FilterRules.PublishedAt) continue;
                switch (value.ValueKind)
                {
                    case JsonValueKind.String: Add(name, AttributeValue.Of(value.GetString()!)); break;
                    case JsonValueKind.Number when JsonNumber.TryRead(value, out var number): Add(name, AttributeValue.Of(number)); break;
                    case JsonValueKind.True: Add(name, AttributeValue.Of(true)); break;
                    case JsonValueKind.False: Add(name, AttributeValue.Of(false)); break;
                    case JsonValueKind.Array:
                        foreach (var text in value.EnumerateArray())
                            if (text.ValueKind == JsonValueKind.String) Add(name, AttributeValue.Of(text.GetString()!));
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

    /// <summary>Turns a filter of the API, valid by <see cref="FilterRules"/>, into one of the index.</summary>
    public static ItemFilter Translate(Filter filter, Catalogue catalogue)
    {
        var parts = Translate(filter.Must, catalogue);
        foreach (var part in Translate(filter.MustNot, catalogue)) parts.Add(new ItemFilter.Not(part));
        if (filter.Should is { Count: > 0 }) parts.Add(new ItemFilter.Any(Translate(filter.Should, catalogue)));
        return new ItemFilter.All(parts);
    }

    /// <summary>Items with at least one of the labels.</summary>
    public static ItemFilter WithAny(bool categories, IReadOnlyList<string> labels) =>
        new ItemFilter.HasAny(categories ? FilterRules.Categories : FilterRules.Tags, [.. labels.Select(AttributeValue.Of)]);

    private static List<ItemFilter> Translate(IReadOnlyList<Condition>? clause, Catalogue catalogue)
    {
        var parts = new List<ItemFilter>(clause?.Count ?? 0);
        foreach (var condition in clause ?? [])
        {
            // A condition with several tests means all of them, also under mustNot and should.
            var tests = Tests(condition, catalogue);
            parts.Add(tests.Count == 1 ? tests[0] : new ItemFilter.All(tests));
        }

        return parts;
    }

    private static List<ItemFilter> Tests(Condition condition, Catalogue catalogue)
    {
        string key = condition.Key!;
        var tests = new List<ItemFilter>();
        if (key == FilterRules.ItemId)
        {
            int PositionOf(JsonElement id) => catalogue.PositionOfId(id.GetString()!);
            if (condition.Any is { } ids) tests.Add(new ItemFilter.Positions([.. ids.Select(PositionOf)]));
            if (condition.All is { } all) tests.AddRange(all.Select(id => new ItemFilter.Positions([PositionOf(id)])));
            if (condition.Exists is { } known) tests.Add(known ? new ItemFilter.All([]) : new ItemFilter.Any([]));
            return tests;
        }

        if (condition.Any is { } some) tests.Add(new ItemFilter.HasAny(key, Values(some, key)));
        if (condition.All is { } every) tests.Add(new ItemFilter.HasAll(key, Values(every, key)));
        if (condition.Gt is not null || condition.Gte is not null || condition.Lt is not null || condition.Lte is not null)
        {
            var (gt, gte) = (Bound(condition.Gt, key), Bound(condition.Gte, key));
            tests.Add(new ItemFilter.Range(key, gt, gte, Bound(condition.Lt, key), Bound(condition.Lte, key)));
        }

        if (condition.Exists is { } exists) tests.Add(exists ? new ItemFilter.Exists(key) : new ItemFilter.Not(new ItemFilter.Exists(key)));
        return tests;
    }

    private static AttributeValue[] Values(IReadOnlyList<JsonElement> values, string key) => [.. values.Select(value => Value(value, key))];

    private static FilterNumber? Bound(JsonElement? bound, string key) => bound is { } value ? Value(value, key).Number : null;

    private static AttributeValue Value(JsonElement value, string key) => value.ValueKind switch
    {
        JsonValueKind.String when key == FilterRules.PublishedAt =>
            Rfc3339.TryParse(value.GetString(), out var time, out string? error) ? AttributeValue.Of(time) : throw Unchecked(key, error),
        JsonValueKind.String => AttributeValue.Of(value.GetString()!),
        JsonValueKind.Number =>
            JsonNumber.TryRead(value, out var number) ? AttributeValue.Of(number) : throw Unchecked(key, "is too large a number"),
        _ => AttributeValue.Of(value.GetBoolean()),
    };

    private static InvalidOperationException Unchecked(string key, string error) =>
        new($"A filter was not checked before it was compiled: a value of '{key}' {error}.");

    private void Add(string key, AttributeValue value) => _attributes.Add(new ItemAttribute(key, value));
}
