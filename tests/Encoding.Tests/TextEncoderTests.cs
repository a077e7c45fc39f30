using System.Numerics.Tensors;
using Recommender.Encoders.Text;

namespace Recommender.Encoders.Tests;

public sealed class TextEncoderTests(EncoderFixture encoders)
{
    private static readonly string[] s_hostile =
    [
        "", "   ", "\t\r\n", "\0\u0001\u001F", "\u200F\u202E\u2066", new('a', 1 << 20), new('é', 1 << 20), new('\uD800', 5_000),
        string.Concat(Enumerable.Repeat("word ", 1 << 18)), "\uDC00x\uD800", "😀😀😀", "שלום עולם", "مرحبا بالعالم", "日本語のテキスト",
        "Blue шапка 帽子 قبعة cap", "\u202Eevil\u202C mug", string.Concat(Enumerable.Repeat("e\u0301\u0302\u0303", 10_000)),
        "[CLS] [SEP] [PAD] [MASK]", "<script>alert(1)</script>", new('.', 100_000),
    ];

    public static TheoryData<TextEncoderKind> Kinds => [TextEncoderKind.Packaged, TextEncoderKind.Subwords];

    private IContentEncoder<string> Of(TextEncoderKind kind) =>
        kind == TextEncoderKind.Packaged ? encoders.Sentences : TextEncoders.Create(new TextEncoderOptions { Kind = kind });

    [Theory, MemberData(nameof(Kinds))]
    public async Task Hostile_texts_have_vectors_of_length_1_or_0(TextEncoderKind kind)
    {
        foreach (var vector in await EncoderFixture.EncodeAsync(Of(kind), s_hostile))
        {
            float norm = TensorPrimitives.Norm<float>(vector);
            Assert.True(norm == 0 || Math.Abs(norm - 1) < 1e-4, $"The length is {norm}.");
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_text_without_content_has_the_vector_zero(TextEncoderKind kind)
    {
        foreach (var vector in await EncoderFixture.EncodeAsync(Of(kind), "", " \t ", "\0\u0001", "\u202E"))
            Assert.Equal(-1, vector.AsSpan().IndexOfAnyExcept(0f));
    }

    /// <summary>The batch decides how much filling a text gets, which must not matter.</summary>
    [Theory, MemberData(nameof(Kinds))]
    public async Task The_batch_does_not_matter(TextEncoderKind kind)
    {
        string[] texts =
            [.. Enumerable.Range(0, 80).Select(n => string.Join(' ', Enumerable.Range(0, 1 + (n % 13)).Select(w => $"word{w * n}")))];
        var together = await EncoderFixture.EncodeAsync(Of(kind), texts);
        for (int at = 0; at < texts.Length; at += 17)
        {
            var alone = await EncoderFixture.EncodeAsync(Of(kind), texts[at]);
            Assert.True(TensorPrimitives.Distance<float>(alone[0], together[at]) < 1e-4);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Encoding_is_repeatable(TextEncoderKind kind)
    {
        string[] texts = ["red christmas mug", "lunch box", "a", "garden lamp with a very long name"];
        Assert.Equal(await EncoderFixture.EncodeAsync(Of(kind), texts), await EncoderFixture.EncodeAsync(Of(kind), texts));
    }

    [Theory]
    [InlineData("cup for coffee", "MUG", "GARDEN SPADE")]
    [InlineData("something to keep my lunch in", "STRAWBERRY LUNCH BOX WITH CUTLERY", "CHRISTMAS TREE STAR DECORATION")]
    [InlineData("gift for a baby", "TEDDY BEAR FOR INFANTS", "SET OF SCREWDRIVERS")]
    [InlineData("sofa", "couch", "bicycle")]
    [InlineData("laptop", "notebook computer", "flower pot")]
    public async Task Synonyms_are_nearer_than_unrelated_titles(string text, string near, string far)
    {
        var vectors = await EncoderFixture.EncodeAsync(encoders.Sentences, text, near, far);
        Assert.True(EncoderFixture.Cosine(vectors[0], vectors[1]) > EncoderFixture.Cosine(vectors[0], vectors[2]) + .05f);
    }

    [Fact]
    public async Task Accents_do_not_matter()
    {
        var vectors = await EncoderFixture.EncodeAsync(encoders.Sentences, "Café crème à la carte", "cafe creme a la carte");
        Assert.True(EncoderFixture.Cosine(vectors[0], vectors[1]) > .9999f);
    }

    [Fact]
    public async Task Subwords_find_parts_of_words()
    {
        var vectors = await EncoderFixture.EncodeAsync(Of(TextEncoderKind.Subwords), "Lunchboxen", "lunchbox", "Gartenlampe");
        Assert.True(EncoderFixture.Cosine(vectors[0], vectors[1]) > EncoderFixture.Cosine(vectors[0], vectors[2]) + .1f);
    }

    [Fact]
    public async Task Long_texts_are_cut_at_the_stated_number_of_tokens()
    {
        int tokens = encoders.Sentences.Description.MaxTokens;
        string longest = string.Join(' ', Enumerable.Repeat("mug", tokens - 2));
        Assert.Equal(tokens, encoders.Sentences.CountTokens(longest));
        Assert.Equal(tokens, encoders.Sentences.CountTokens(longest + " lamp lamp lamp"));
        var vectors = await EncoderFixture.EncodeAsync(encoders.Sentences, longest, longest + " lamp lamp lamp");
        Assert.True(EncoderFixture.Cosine(vectors[0], vectors[1]) > .9999f);
    }

    [Fact]
    public async Task Callers_may_encode_at_the_same_time()
    {
        string[] texts = ["red mug", "green lamp", "lunch box"];
        var expected = await EncoderFixture.EncodeAsync(encoders.Sentences, texts);
        var all = await Task.WhenAll(Enumerable.Range(0, 40)
            .Select(_ => Task.Run(() => EncoderFixture.EncodeAsync(encoders.Sentences, texts))));
        foreach (var vectors in all) Assert.Equal(expected, vectors);
    }

    [Fact]
    public async Task A_wrong_length_is_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Of(TextEncoderKind.Subwords)
            .EncodeAsync(["a"], new float[3], TestContext.Current.CancellationToken));

    [Fact]
    public void A_missing_model_is_named()
    {
        var options = new TextEncoderOptions { Kind = TextEncoderKind.Onnx, ModelPath = "/nowhere/m", TokenizerPath = "/nowhere/v" };
        Assert.Contains("/nowhere/", Assert.Throws<ModelMissingException>(() => TextEncoders.Create(options)).Message,
            StringComparison.Ordinal);
        options = options with { ModelPath = "" };
        Assert.Contains("ModelPath", Assert.Throws<InvalidOperationException>(() => TextEncoders.Check(options)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>The same files by their paths are the same encoder.</summary>
    [Fact]
    public async Task A_model_can_be_given_by_path()
    {
        var packaged = encoders.Sentences;
        using var encoder = TextEncoders.Create(new TextEncoderOptions
        {
            Kind = TextEncoderKind.Onnx,
            ModelPath = PackagedModels.SentenceModel,
            TokenizerPath = PackagedModels.SentenceVocabulary,
        });
        Assert.Equal(packaged.Description.Model, encoder.Description.Model);
        Assert.Equal(await EncoderFixture.EncodeAsync(packaged, "a red mug"), await EncoderFixture.EncodeAsync(encoder, "a red mug"));
    }
}
