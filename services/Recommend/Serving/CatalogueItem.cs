using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore.Items;

namespace Recommender.Recommend.Serving;

/// <summary>An item as answers need it: immutable, with its id and title already encoded as JSON.</summary>
internal sealed class CatalogueItem
{
    private readonly byte[] _json;
    private readonly int _idBytes;

    /// <param name="now">Decides whether it is published.</param>
    public CatalogueItem(ItemRecord record, DateTimeOffset now, CatalogueItem? before = null)
    {
        Record = record;
        bool mayAppear = !record.Deleted && (record.Item?.Available ?? !double.IsNegativeInfinity(record.Popularity));
        if (mayAppear && record.Item?.PublishedAt is { } at && at > now) DueAt = at;
        Available = mayAppear && DueAt is null;
        if (before is not null && before.Record.ItemId == record.ItemId && before.Record.Item?.Title == record.Item?.Title)
        {
            // Most changes are statistics alone: the encoded text is shared.
            _json = before._json;
            _idBytes = before._idBytes;
        }
        else
        {
            (_json, _idBytes) = Encode(record);
        }
    }

    public ItemRecord Record { get; }
    public int Key => Record.ItemKey;
    public string Id => Record.ItemId;

    /// <summary>
    /// Whether it may be recommended. An item that was never put may while some user has a positive preference for it: it has an id, and
    /// nothing says that it is gone.
    /// </summary>
    public bool Available { get; }

    /// <summary>When it becomes available because it is published then; null for other items.</summary>
    public DateTimeOffset? DueAt { get; }

    /// <summary><c>{"itemId":"…"</c></summary>
    public ReadOnlySpan<byte> IdJson => _json.AsSpan(0, _idBytes);

    /// <summary><c>,"title":"…"</c>, or nothing for an item without a title.</summary>
    public ReadOnlySpan<byte> TitleJson => _json.AsSpan(_idBytes);

    /// <summary>What <c>latest</c> orders by: <see cref="Item.PublishedAt"/>, else when the item was first seen; days since 1970.</summary>
    public double PublishedDays => ((Record.Item?.PublishedAt ?? Record.CreatedAt) - DateTimeOffset.UnixEpoch).TotalDays;

    private static (byte[] Json, int IdBytes) Encode(ItemRecord record)
    {
        var id = JsonEncodedText.Encode(record.ItemId, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        string start = "{\"itemId\":\"" + id + "\"";
        if (record.Item?.Title is not { } title) return (Encoding.UTF8.GetBytes(start), Encoding.UTF8.GetByteCount(start));
        string end = ",\"title\":\"" + JsonEncodedText.Encode(title, JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";
        return (Encoding.UTF8.GetBytes(start + end), Encoding.UTF8.GetByteCount(start));
    }
}
