using System.Security.Cryptography;
using Polly.Registry;
using Recommender.Contracts;
using Recommender.Encoders.Text;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.Messaging.ControlPlane;
using Recommender.Retrieval.Quantized;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;
using Recommender.Storage.Catalogue;

namespace Recommender.Trainer.Content;

/// <summary>
/// Encodes the texts of items, in batches and off the path of events: each text once, whichever items have it. The store holds what was
/// encoded, so a restart does not encode it again. If the encoder changes, the vectors are replaced one by one.
/// </summary>
public sealed class ItemTextEncoder : RepeatingWorker
{
    /// <summary>Name of the vectors in the store.</summary>
    public const string VectorName = "text";

    private const int BatchItems = 256, PageVectors = 2_000;

    /// <summary>Notices only save time: changes are looked for this often as well.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(30);

    private readonly IStore _store;
    private readonly IFactorStore _factorStore;
    private readonly INotices _notices;
    private readonly TextEncoderOptions _options;
    private readonly ILogger<ItemTextEncoder> _logger;
    private string? _copiedGeneration;
    private (long Version, int Key) _position = (-1, 0);

    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it.</exception>
    public ItemTextEncoder(IStore store, IFactorStore factorStore, INotices notices, TextEncoderOptions options,
        ResiliencePipelineProvider<string> pipelines, TimeProvider clock, ILogger<ItemTextEncoder> logger)
        : base("Encoding of item texts", pipelines, clock, logger)
    {
        TextEncoders.Check(options);
        (_store, _factorStore, _notices, _options, _logger) = (store, factorStore, notices, options, logger);
    }

    protected override bool IsEnabled => _options.Kind != TextEncoderKind.None;

    /// <summary>The catalogue has changed.</summary>
    public void NoteChange() => RequestRound();

    /// <summary>Copies all vectors to a factor store that is new, then encodes every item whose text has changed.</summary>
    /// <returns>Number of items whose vectors were written.</returns>
    public async Task<int> EncodeAsync(CancellationToken cancellationToken)
    {
        // The catalogue is copied to an empty factor store first.
        if (await _factorStore.GetGenerationAsync(cancellationToken) is not { } generation) return 0;
        if (generation != _copiedGeneration) await CopyAsync(cancellationToken);
        _copiedGeneration = generation;
        int written = 0;
        string? model = null;
        while (true)
        {
            // A catalogue without texts loads no model.
            model ??= await HasItemsAsync(cancellationToken) ? TextEncoders.Shared(_options).Description.Model : null;
            if (model is null) return written;
            var items = await _store.ListItemsToEncodeAsync(VectorName, model, _position.Version, _position.Key, BatchItems,
                cancellationToken);
            if (items.Count == 0) break;
            await EncodeAsync(items, cancellationToken);
            _position = (items[^1].Version, items[^1].ItemKey);
            written += items.Count;
        }

        if (written > 0) _logger.TextsEncoded(written, model);
        return written;
    }

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        await EncodeAsync(cancellationToken);
        return s_pause;
    }

    /// <summary>What is encoded of an item: title, categories and tags.</summary>
    internal static string TextOf(Item item)
    {
        string labels = string.Join(", ", item.Categories.Concat(item.Tags));
        return string.Join(". ", new[] { item.Title, labels }.Where(text => text is { Length: > 0 }));
    }

    private async Task<bool> HasItemsAsync(CancellationToken cancellationToken) =>
        (await _store.ListItemsToEncodeAsync(VectorName, "", _position.Version, _position.Key, 1, cancellationToken)).Count > 0;

    private async Task EncodeAsync(IReadOnlyList<CatalogueEntry> items, CancellationToken cancellationToken)
    {
        var encoder = TextEncoders.Shared(_options);
        string model = encoder.Description.Model;
        string[] texts = [.. items.Select(item => TextOf(item.Item!))];
        byte[][] hashes = [.. texts.Select(text => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text))[..16])];
        var vectors = new Dictionary<string, byte[]>(
            await _store.FindVectorsAsync(model, [.. hashes.DistinctBy(Convert.ToHexStringLower)], cancellationToken),
            StringComparer.Ordinal);
        int[] missing = [.. Enumerable.Range(0, texts.Length).Where(n => !vectors.ContainsKey(Convert.ToHexStringLower(hashes[n])))
            .DistinctBy(n => texts[n])];
        int dimensions = encoder.Description.Dimensions;
        float[] numbers = new float[missing.Length * dimensions];
        await encoder.EncodeAsync([.. missing.Select(n => texts[n])], numbers, cancellationToken);
        for (int n = 0; n < missing.Length; n++)
        {
            var vector = numbers.AsSpan(n * dimensions, dimensions);
            vectors[Convert.ToHexStringLower(hashes[missing[n]])] = vector.ContainsAnyExcept(0f) ? VectorBytes.Encode(vector) : [];
        }

        StoredVector[] stored = [.. items.Select((item, n) =>
            new StoredVector(item.ItemKey, item.Version, model, hashes[n], vectors[Convert.ToHexStringLower(hashes[n])]))];
        await _store.PutVectorsAsync(VectorName, stored, cancellationToken);
        await PutAsync(stored, cancellationToken);
    }

    private async Task CopyAsync(CancellationToken cancellationToken)
    {
        for (int after = 0; ;)
        {
            var stored = await _store.ReadVectorsAsync(VectorName, after, PageVectors, cancellationToken);
            if (stored.Count == 0) return;
            await PutAsync(stored, cancellationToken);
            after = stored[^1].ItemKey;
        }
    }

    private async Task PutAsync(IReadOnlyList<StoredVector> stored, CancellationToken cancellationToken)
    {
        long sequence = await _factorStore.PutItemVectorsAsync(
            [.. stored.Select(vector => new ItemVectorRecord(vector.ItemKey, new(vector.Model, vector.Vector)))], cancellationToken);
        await _notices.PublishAsync(new CatalogueChanged { Sequence = sequence }, cancellationToken);
    }
}
