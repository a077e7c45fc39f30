using System.Numerics.Tensors;
using Recommender.Encoders.Images;
using Recommender.Encoders.Text;

[assembly: AssemblyFixture(typeof(Recommender.Encoders.Tests.EncoderFixture))]

namespace Recommender.Encoders.Tests;

/// <summary>The packaged models, loaded once. Tests skip where a package is missing.</summary>
public sealed class EncoderFixture : IDisposable
{
    private readonly Lazy<OnnxSentenceEncoder> _sentences = new(() => new(SentenceModelFiles.Packaged, 2));
    private readonly Lazy<OnnxImageEncoder> _images = new(() => new(2));

    public OnnxSentenceEncoder Sentences
    {
        get
        {
            Assert.SkipUnless(PackagedModels.HasSentenceModel, "The package of the sentence model was not restored.");
            return _sentences.Value;
        }
    }

    public OnnxImageEncoder Images
    {
        get
        {
            Assert.SkipUnless(PackagedModels.HasImageModel, "The package of the image model was not restored.");
            return _images.Value;
        }
    }

    public void Dispose()
    {
        if (_sentences.IsValueCreated) _sentences.Value.Dispose();
        if (_images.IsValueCreated) _images.Value.Dispose();
    }

    /// <summary>The vectors of the contents, one array each.</summary>
    public static async Task<float[][]> EncodeAsync<T>(IContentEncoder<T> encoder, params T[] contents)
    {
        int dimensions = encoder.Description.Dimensions;
        float[] vectors = new float[contents.Length * dimensions];
        await encoder.EncodeAsync(contents, vectors, TestContext.Current.CancellationToken);
        return [.. vectors.Chunk(dimensions)];
    }

    public static float Cosine(float[] a, float[] b) => TensorPrimitives.Dot<float>(a, b);
}
