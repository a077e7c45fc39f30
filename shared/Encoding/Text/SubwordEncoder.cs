using Recommender.Factorization.Content;

namespace Recommender.Encoders.Text;

/// <summary>
/// Encodes texts by their words and character 3- to 5-grams, hashed to components with a sign (the hashing trick of Weinberger et al.
/// 2009). It needs no model and works in any language, and texts are near if they share words or parts of words.
/// </summary>
public sealed class SubwordEncoder : IContentEncoder<string>
{
    private const int Dimensions = 512, MaxCharacters = 4096;

    public EncoderDescription Description { get; } = new($"subwords-{Dimensions}-1", Dimensions, MaxTokens: 0, MaxCharacters, Threads: 1);

    public Task EncodeAsync(IReadOnlyList<string> batch, Memory<float> vectors, CancellationToken cancellationToken)
    {
        Rows.Check(batch.Count, Dimensions, vectors);
        for (int text = 0; text < batch.Count; text++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Encode(batch[text], vectors.Span.Slice(text * Dimensions, Dimensions));
        }

        return Task.CompletedTask;
    }

    public void Dispose()
    {
    }

    private static void Encode(string text, Span<float> row)
    {
        row.Clear();
        HashSet<ulong> words = [], grams = [];
        Subwords.Add(TextCleaning.Clean(text, MaxCharacters), words, grams);
        // Words and their parts have equal shares, as in the content features of items.
        Add(words, row);
        Add(grams, row);
        Rows.Normalize(row);
    }

    private static void Add(HashSet<ulong> features, Span<float> row)
    {
        if (features.Count == 0) return;
        float weight = 1 / MathF.Sqrt(features.Count);
        foreach (ulong feature in features) row[(int)(feature % Dimensions)] += (feature >> 63) == 0 ? weight : -weight;
    }
}
