using Microsoft.Extensions.AI;

namespace Recommender.Encoders.Text;

/// <summary>Encodes texts with any <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>.</summary>
/// <param name="generator">Is disposed with the encoder.</param>
/// <param name="model">See <see cref="EncoderDescription"/>.</param>
/// <param name="dimensions">Length of the generator's vectors.</param>
public sealed class GeneratorEncoder(IEmbeddingGenerator<string, Embedding<float>> generator, string model, int dimensions)
    : IContentEncoder<string>
{
    private const int MaxCharacters = 8192, RequestTexts = 64;

    public EncoderDescription Description { get; } = new(model, dimensions, MaxTokens: 0, MaxCharacters, Threads: 0);

    public async Task EncodeAsync(IReadOnlyList<string> batch, Memory<float> vectors, CancellationToken cancellationToken)
    {
        Rows.Check(batch.Count, dimensions, vectors);
        vectors.Span.Clear();
        var texts = batch.Select((text, at) => (Text: TextCleaning.Clean(text, MaxCharacters), At: at)).Where(t => t.Text.Length > 0);
        foreach (var request in texts.Chunk(RequestTexts))
        {
            var embeddings = await GenerateAsync([.. request.Select(t => t.Text)], cancellationToken).ConfigureAwait(false);
            for (int text = 0; text < request.Length; text++)
            {
                var row = vectors.Slice(request[text].At * dimensions, dimensions);
                embeddings[text].Vector.CopyTo(row);
                Rows.Normalize(row.Span);
            }
        }
    }

    public void Dispose() => generator.Dispose();

    private async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(string[] texts, CancellationToken cancellationToken)
    {
        GeneratedEmbeddings<Embedding<float>> embeddings;
        try
        {
            embeddings = await generator.GenerateAsync(texts, options: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException
            || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new EncoderUnavailableException($"The encoder '{model}' does not answer: {e.Message}", e);
        }

        if (embeddings.Count != texts.Length)
            throw new EncoderUnavailableException($"The encoder '{model}' answered {texts.Length} texts with {embeddings.Count} vectors.");
        if (embeddings.FirstOrDefault(e => e.Vector.Length != dimensions) is { } other)
            throw new EncoderUnavailableException(
                $"The encoder '{model}' answered with {other.Vector.Length} dimensions; {dimensions} are configured.");
        return embeddings;
    }
}
