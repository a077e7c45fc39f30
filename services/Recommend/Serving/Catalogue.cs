using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore.Items;
using Recommender.Retrieval.Lexical;

namespace Recommender.Recommend.Serving;

/// <summary>
/// The catalogue in memory, laid out for one model: an item's <b>position</b> is its index in the model, and items the model does not
/// know follow behind. One writer (the refresher), any number of readers; a reader sees each item either before or after a change.
/// </summary>
internal sealed class Catalogue
{
    /// <summary>What a word in categories, tags and texts of properties counts for, compared with one in the title.</summary>
    private const float LabelWeight = .5f;

    private readonly ConcurrentDictionary<string, int> _keyById;
    private CatalogueItem?[] _items;
    private int[] _positionByKey;
    private double[] _popularity;
    private double[] _trend;
    private double[] _published;
    private int _count;
    private bool _rankingsStale = true;

    // Keys of items that are not published yet, also of some that are due at another time by now.
    private readonly PriorityQueue<int, DateTimeOffset> _due = new();
    private readonly TimeProvider _clock;

    /// <param name="modelItemKeys">Store key of each model index; empty without a model.</param>
    /// <param name="clock">Decides which items are published.</param>
    public Catalogue(ReadOnlySpan<int> modelItemKeys, TimeProvider clock)
        : this(modelItemKeys, clock, new ConcurrentDictionary<string, int>(StringComparer.Ordinal), new LexicalIndex(),
            new ContentVectors())
    {
    }

    private Catalogue(ReadOnlySpan<int> modelItemKeys, TimeProvider clock, ConcurrentDictionary<string, int> keyById, LexicalIndex words,
        ContentVectors vectors)
    {
        _clock = clock;
        _keyById = keyById;
        Words = words;
        Vectors = vectors;
        int capacity = Math.Max(modelItemKeys.Length + modelItemKeys.Length / 8, 64);
        _items = new CatalogueItem?[capacity];
        _popularity = Values(capacity);
        _trend = Values(capacity);
        _published = Values(capacity);
        int maxKey = 0;
        foreach (int key in modelItemKeys) maxKey = Math.Max(maxKey, key);
        _positionByKey = new int[maxKey + 1];
        Array.Fill(_positionByKey, -1);
        for (int position = 0; position < modelItemKeys.Length; position++) _positionByKey[modelItemKeys[position]] = position;
        _count = ModelItems = modelItemKeys.Length;
        Attributes = new ItemAttributes(_count);
    }

    /// <summary>Positions below this are indexes of the model.</summary>
    public int ModelItems { get; }

    /// <summary>Positions in use, of items available or not.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Items that may be recommended now.</summary>
    public int Available { get; private set; }

    /// <summary>Items known, available or not; fewer than <see cref="Count"/> while items of the model have no record yet.</summary>
    public int Known { get; private set; }

    /// <summary>What filters look at, by position.</summary>
    public ItemAttributes Attributes { get; }

    /// <summary>Finds available items by their words. Its positions are store keys, so that all layouts share it.</summary>
    public LexicalIndex Words { get; }

    /// <summary>Finds available items by their content vectors, by store key as well.</summary>
    public ContentVectors Vectors { get; }

    public Ranking Popular { get; private set; } = Ranking.Empty;
    public Ranking Trending { get; private set; } = Ranking.Empty;
    public Ranking Latest { get; private set; } = Ranking.Empty;

    /// <summary>The item at a position; null where a model knows a key whose record has not arrived.</summary>
    public CatalogueItem? this[int position]
    {
        get
        {
            var items = Volatile.Read(ref _items);
            return (uint)position < (uint)items.Length ? Volatile.Read(ref items[position]) : null;
        }
    }

    public bool IsAvailable(int position) => this[position] is { Available: true };

    /// <summary>The ranking that an answer of a source comes from: trending, latest, and popular for all others.</summary>
    /// <param name="source">One of <see cref="Sources"/>.</param>
    public Ranking RankingOf(string source) => source switch
    {
        Sources.Trending => Trending,
        Sources.Latest => Latest,
        _ => Popular,
    };

    /// <summary>By store key, the position or −1; keys beyond its length have none.</summary>
    public ReadOnlySpan<int> PositionByKey => Volatile.Read(ref _positionByKey);

    /// <summary>Position of a store key, or −1.</summary>
    public int PositionOfKey(int key)
    {
        var positions = Volatile.Read(ref _positionByKey);
        return (uint)key < (uint)positions.Length ? positions[key] : -1;
    }

    /// <summary>Position of an external id, or −1.</summary>
    public int PositionOfId(string itemId) => _keyById.TryGetValue(itemId, out int key) ? PositionOfKey(key) : -1;

    public bool TryGet(string itemId, [NotNullWhen(true)] out CatalogueItem? item, out int position)
    {
        position = PositionOfId(itemId);
        item = position < 0 ? null : this[position];
        return item is not null;
    }

    /// <summary>When the next item is published; null where none waits. Only the refresher calls this.</summary>
    public DateTimeOffset? NextDue => _due.TryPeek(out _, out var at) ? at : null;

    /// <summary>Makes the items available whose time of publication has come. Only the refresher calls this.</summary>
    public void PublishDue()
    {
        var now = _clock.GetUtcNow();
        while (_due.TryPeek(out int key, out var at) && at <= now)
        {
            _due.Dequeue();
            if (this[PositionOfKey(key)] is { DueAt: { } dueAt } item && dueAt <= now) Put(item.Record);
        }

        Publish();
    }

    /// <summary>Takes new records over. Only the refresher calls this; <see cref="Publish"/> makes the rankings follow.</summary>
    public void Apply(IReadOnlyList<ItemRecord> records)
    {
        foreach (var record in records) Put(record);
    }

    /// <summary>Recomputes the rankings and the sets filters use, when anything changed.</summary>
    public void Publish()
    {
        if (!_rankingsStale) return;
        _rankingsStale = false;
        Attributes.Publish();
        Popular = Ranking.Of(this, _popularity, isLogarithmic: true);
        Trending = Ranking.Of(this, _trend, isLogarithmic: true);
        Latest = Ranking.Of(this, _published, isLogarithmic: false);
    }

    /// <summary>
    /// The same items laid out for another model. Reads this catalogue while it may change: the refresher applies again whatever changed
    /// meanwhile.
    /// </summary>
    public Catalogue RebuildFor(ReadOnlySpan<int> modelItemKeys)
    {
        var other = new Catalogue(modelItemKeys, _clock, _keyById, Words, Vectors);
        for (int position = 0; position < Count; position++)
        {
            if (this[position] is { } item) other.Put(item.Record, item);
        }

        return other;
    }

    private void Put(ItemRecord record, CatalogueItem? before = null)
    {
        int position = PositionOfKey(record.ItemKey);
        if (position < 0) position = Append(record.ItemKey);
        before ??= _items[position];
        var item = new CatalogueItem(record, _clock.GetUtcNow(), before);
        var replaced = _items[position];
        if (item.DueAt is { } dueAt && replaced?.DueAt != dueAt) _due.Enqueue(record.ItemKey, dueAt);
        Known += replaced is null ? 1 : 0;
        Available += (item.Available ? 1 : 0) - (replaced is { Available: true } ? 1 : 0);
        _popularity[position] = item.Available ? Rounded(record.Popularity) : double.NaN;
        _trend[position] = item.Available && !double.IsNegativeInfinity(record.Trend) ? Rounded(record.Trend) : double.NaN;
        _published[position] = item.Available ? item.PublishedDays : double.NaN;
        Volatile.Write(ref _items[position], item);
        if (replaced is null || replaced.Available != item.Available || !HaveSameAttributes(replaced.Record.Item, record.Item))
            Attributes.Set(position, item);
        IndexWords(item, before);
        IndexVector(item, before);
        _keyById[record.ItemId] = record.ItemKey;
        _rankingsStale = true;
    }

    /// <inheritdoc cref="IndexWords"/>
    private void IndexVector(CatalogueItem item, CatalogueItem? before)
    {
        if (before is not null && before.Available == item.Available && IsSame(before.Record.TextVector, item.Record.TextVector)) return;
        if (item is { Available: true, Record.TextVector: { } vector }) Vectors.Put(item.Key, vector);
        else if (before is not null) Vectors.Remove(item.Key);

        static bool IsSame(ItemVector? a, ItemVector? b) =>
            ReferenceEquals(a, b) || (a is not null && b is not null && a.Model == b.Model && a.Bytes.Span.SequenceEqual(b.Bytes.Span));
    }

    /// <param name="before">The item as it is indexed; null if it is not.</param>
    private void IndexWords(CatalogueItem item, CatalogueItem? before)
    {
        var (now, then) = (item.Record.Item, before?.Record.Item);
        if (before is not null && before.Available == item.Available && now?.Title == then?.Title && HaveSameAttributes(now, then)) return;
        if (!item.Available || now is null)
        {
            Words.Remove(item.Key);
            return;
        }

        var fields = new List<LexicalField> { new(now.Title ?? "", 1) };
        foreach (string label in now.Categories.Concat(now.Tags)) fields.Add(new(label, LabelWeight));
        foreach (var value in now.Properties.Values)
            if (value.ValueKind == JsonValueKind.String) fields.Add(new(value.GetString()!, LabelWeight));
        Words.Put(item.Key, CollectionsMarshal.AsSpan(fields));
    }

    /// <summary>
    /// The last digits of a sum depend on the order in which it was taken; items with equal audiences are ordered by their ids.
    /// </summary>
    private static double Rounded(double logarithm) => Math.Round(logarithm, 9);

    /// <summary>Most changes are statistics alone; comparing is cheaper than putting everything into the filter index again.</summary>
    private static bool HaveSameAttributes(Item? a, Item? b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null || a.PublishedAt != b.PublishedAt || a.Properties.Count != b.Properties.Count) return false;
        if (!a.Categories.SequenceEqual(b.Categories) || !a.Tags.SequenceEqual(b.Tags)) return false;
        foreach (var (name, value) in a.Properties)
            if (!b.Properties.TryGetValue(name, out var other) || !JsonElement.DeepEquals(value, other)) return false;
        return true;
    }

    private int Append(int key)
    {
        int position = _count;
        if (position == _items.Length)
        {
            int capacity = position * 2;
            _popularity = Values(capacity, _popularity);
            _trend = Values(capacity, _trend);
            _published = Values(capacity, _published);
            var items = new CatalogueItem?[capacity];
            _items.CopyTo(items, 0);
            Volatile.Write(ref _items, items);
        }

        if (key >= _positionByKey.Length)
        {
            var positions = new int[Math.Max(key + 1, _positionByKey.Length * 2)];
            _positionByKey.CopyTo(positions, 0);
            positions.AsSpan(_positionByKey.Length).Fill(-1);
            Volatile.Write(ref _positionByKey, positions);
        }

        Volatile.Write(ref _count, position + 1);
        Volatile.Write(ref _positionByKey[key], position);
        return position;
    }

    /// <summary>Values of positions without an item are NaN, which keeps them out of rankings.</summary>
    private static double[] Values(int capacity, double[]? before = null)
    {
        var values = new double[capacity];
        before?.CopyTo(values, 0);
        values.AsSpan(before?.Length ?? 0).Fill(double.NaN);
        return values;
    }
}
