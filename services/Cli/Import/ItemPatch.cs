using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.Contracts;

namespace Recommender.Cli.Import;

/// <summary>
/// Attributes of one item from files: an element of <c>PATCH /v1/items</c>. Null fields are not in the files and not sent, so the server
/// keeps its values.
/// </summary>
internal sealed record ItemPatch
{
    public required string ItemId { get; init; }

    /// <summary>
    /// Identifies this content of this item. The server applies a change once, so repeating an import does not undo later changes.
    /// </summary>
    public string? ChangeId { get; init; }

    public string? Title { get; init; }
    public IReadOnlyList<string>? Categories { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The properties stated; others of the item stay.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Properties { get; init; }

    public bool? Available { get; init; }
    public DateTimeOffset? PublishedAt { get; init; }
    public string? Url { get; init; }
    public string? ImageUrl { get; init; }

    [JsonIgnore]
    public bool StatesAnything =>
        Title is not null || Categories is not null || Tags is not null || Properties is not null || Available is not null
        || PublishedAt is not null || Url is not null || ImageUrl is not null;

    /// <summary>This patch with the fields of <paramref name="later"/>, a patch of the same item, replacing those of this one.</summary>
    public ItemPatch With(ItemPatch later) => this with
    {
        Title = later.Title ?? Title,
        Categories = later.Categories ?? Categories,
        Tags = later.Tags ?? Tags,
        Properties = Join(Properties, later.Properties),
        Available = later.Available ?? Available,
        PublishedAt = later.PublishedAt ?? PublishedAt,
        Url = later.Url ?? Url,
        ImageUrl = later.ImageUrl ?? ImageUrl,
    };

    /// <summary>This patch with the change id of its content.</summary>
    public ItemPatch WithChangeId() => this with { ChangeId = ContentHash() };

    /// <summary>The first wrong field and the reason; null for a valid patch.</summary>
    public FieldError? Validate()
    {
        string? damaged = DamagedField();
        if (damaged is not null) return new(damaged, "holds U+FFFD: its text was damaged before");
        return new Item
        {
            ItemId = ItemId,
            Title = Title,
            Categories = Categories ?? [],
            Tags = Tags ?? [],
            Properties = Properties ?? new Dictionary<string, JsonElement>(),
            PublishedAt = PublishedAt,
            Url = Url,
            ImageUrl = ImageUrl,
        }.Validate();
    }

    private static IReadOnlyDictionary<string, JsonElement>? Join(
        IReadOnlyDictionary<string, JsonElement>? earlier,
        IReadOnlyDictionary<string, JsonElement>? later)
    {
        if (earlier is null || later is null) return later ?? earlier;
        var joined = new Dictionary<string, JsonElement>(earlier);
        foreach (var (name, value) in later) joined[name] = value;
        return joined;
    }

    private string? DamagedField()
    {
        if (ImportText.IsDamaged(ItemId)) return "itemId";
        if (ImportText.IsDamaged(Title)) return "title";
        if (Categories is not null && Categories.Any(ImportText.IsDamaged)) return "categories";
        if (Tags is not null && Tags.Any(ImportText.IsDamaged)) return "tags";
        if (ImportText.IsDamaged(Url)) return "url";
        if (ImportText.IsDamaged(ImageUrl)) return "imageUrl";
        return Properties?
            .Where(p => p.Value.ValueKind == JsonValueKind.String && ImportText.IsDamaged(p.Value.GetString()))
            .Select(p => $"properties.{p.Key}")
            .FirstOrDefault();
    }

    /// <summary>SHA-256 over every stated field with its name, each with its length, so that no two contents are written alike.</summary>
    private string ContentHash()
    {
        using var buffer = new MemoryStream();
        using (var writer = new BinaryWriter(buffer))
        {
            Write("itemId", ItemId);
            Write("title", Title);
            WriteList("categories", Categories);
            WriteList("tags", Tags);
            foreach (var (name, value) in (Properties ?? new Dictionary<string, JsonElement>()).OrderBy(p => p.Key, StringComparer.Ordinal))
            {
                Write("property", name);
                Write("is", value.GetRawText());
            }

            Write("available", Available switch { true => "true", false => "false", null => null });
            Write("publishedAt", PublishedAt?.UtcTicks.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Write("url", Url);
            Write("imageUrl", ImageUrl);

            void Write(string name, string? text)
            {
                if (text is null) return;
                writer.Write(name);
                writer.Write(text);
            }

            void WriteList(string name, IReadOnlyList<string>? texts)
            {
                if (texts is null) return;
                writer.Write(name);
                writer.Write(texts.Count);
                foreach (string text in texts) writer.Write(text);
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.ToArray()));
    }
}
