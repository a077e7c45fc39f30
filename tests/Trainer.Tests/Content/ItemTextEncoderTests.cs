using Microsoft.Extensions.Logging.Abstractions;
using Recommender.Contracts;
using Recommender.Encoders.Text;
using Recommender.FactorStore;
using Recommender.Storage;
using Recommender.Storage.Catalogue;
using Recommender.Trainer.Content;

namespace Recommender.Trainer.Tests.Content;

public sealed class ItemTextEncoderTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Texts_are_encoded_once_and_reach_the_factor_store()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(Put("a", "Red mug"), Put("b", "Blue mug"), Put("c", "Red mug"), Put("empty", null));
        var encoder = NewEncoder(trainer);
        Assert.Equal(4, await encoder.EncodeAsync(Stop));
        Assert.Equal(0, await encoder.EncodeAsync(Stop));
        var items = await ItemsAsync(trainer.FactorStore);
        Assert.Equal(items["a"], items["c"]);
        Assert.NotEqual(items["a"], items["b"]);
        Assert.Empty(items["empty"]);

        // After a restart nothing is left to do; a change of the text is, and one of something else takes the same vector.
        encoder = NewEncoder(trainer);
        Assert.Equal(0, await encoder.EncodeAsync(Stop));
        await trainer.SendAsync(Put("b", "Green lamp"), Put("a", "Red mug", available: false));
        Assert.Equal(2, await encoder.EncodeAsync(Stop));
        var changed = await ItemsAsync(trainer.FactorStore);
        Assert.Equal(items["a"], changed["a"]);
        Assert.NotEqual(items["b"], changed["b"]);
    }

    [Fact]
    public async Task The_same_text_is_not_encoded_again()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(Put("a", "Red mug"));
        await NewEncoder(trainer).EncodeAsync(Stop);
        await trainer.SendAsync([.. Enumerable.Range(0, 300).Select(n => Put($"new-{n}", n % 2 == 0 ? "Red mug" : "Blue mug"))]);
        int found = 0;
        var store = StoreProxy.Over(trainer.Store, (method, args) =>
        {
            if (method.Name == nameof(IVectorStore.FindVectorsAsync)) found += ((IReadOnlyCollection<byte[]>)args![1]!).Count;
            return null;
        });
        Assert.Equal(300, await NewEncoder(trainer, store).EncodeAsync(Stop));
        // Two texts in each of two batches.
        Assert.Equal(4, found);
    }

    [Fact]
    public async Task A_new_factor_store_gets_all_vectors()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(Put("a", "Red mug"), Put("b", "Blue mug"));
        await NewEncoder(trainer).EncodeAsync(Stop);
        var other = new InProcessFactorStore();
        var encoder = NewEncoder(trainer, factorStore: other);
        Assert.Equal(0, await encoder.EncodeAsync(Stop)); // The catalogue is not there yet.
        var (reconciler, _) = trainer.NewReconciler(other, trainer.Released, trainer.Folding);
        await reconciler.ReconcileAsync(Stop);
        await other.SetGenerationAsync("second", Stop);
        Assert.Equal(0, await encoder.EncodeAsync(Stop));
        Assert.Equal(await ItemsAsync(trainer.FactorStore), await ItemsAsync(other));
    }

    [Fact]
    public async Task A_deleted_item_has_no_vector_in_the_store()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(Put("a", "Red mug"), Put("b", "Blue mug"));
        await NewEncoder(trainer).EncodeAsync(Stop);
        await trainer.SendAsync(new Command { Kind = CommandKind.DeleteItem, AcceptedAt = s_start, ItemId = "a" });
        Assert.Single(await trainer.Store.ReadVectorsAsync(ItemTextEncoder.VectorName, 0, 10, Stop));
        Assert.Equal(0, await NewEncoder(trainer).EncodeAsync(Stop));
    }

    [Fact]
    public void A_text_is_title_categories_and_tags() =>
        Assert.Equal("Red mug. kitchen, new",
            ItemTextEncoder.TextOf(new Item { Title = "Red mug", Categories = ["kitchen"], Tags = ["new"] }));

    private static async Task<TrainerFixture> CreateAsync()
    {
        var trainer = await TrainerFixture.CreateAsync();
        await trainer.FactorStore.SetGenerationAsync("first", Stop);
        return trainer;
    }

    private static ItemTextEncoder NewEncoder(TrainerFixture trainer, IStore? store = null, IFactorStore? factorStore = null) =>
        new(store ?? trainer.Store, factorStore ?? trainer.FactorStore, trainer.Notices,
            new TextEncoderOptions { Kind = TextEncoderKind.Subwords }, TrainerFixture.Pipelines, TimeProvider.System,
            NullLogger<ItemTextEncoder>.Instance);

    private static Command Put(string id, string? title, bool available = true) => new()
    {
        Kind = CommandKind.PutItem,
        AcceptedAt = s_start,
        Item = new Item { ItemId = id, Title = title, Available = available },
    };

    /// <summary>The vectors in the factor store as text, by item id.</summary>
    private static async Task<Dictionary<string, string>> ItemsAsync(IFactorStore store) =>
        (await store.ReadItemChangesAsync(0, 1000, Stop)).Items
            .ToDictionary(item => item.ItemId, item => Convert.ToHexStringLower(item.TextVector!.Bytes.Span));
}
