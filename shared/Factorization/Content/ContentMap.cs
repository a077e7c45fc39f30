using Recommender.Factorization.Algebra;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Content;

/// <summary>Linear map from content features to factors: row f is the contribution of feature f.</summary>
internal sealed class ContentMap(ContentVocabulary vocabulary, int rank, float[] map)
{
    /// <summary>Computes the factor of an item from its content. False if none of its features is known.</summary>
    public bool Place(ItemText text, Span<float> factor)
    {
        factor.Clear();
        var features = vocabulary.Features(text);
        foreach (var (feature, value) in features) Vectors.Add(value, map.AsSpan(feature * rank, rank), factor);
        return features.Count > 1; // The first is the constant.
    }

    public void Write(ModelWriter writer)
    {
        vocabulary.Write(writer);
        writer.Numbers<float>(map);
    }

    public static ContentMap Read(ModelReader reader, int rank)
    {
        var vocabulary = ContentVocabulary.Read(reader);
        return new ContentMap(vocabulary, rank, reader.Numbers<float>((long)vocabulary.Count * rank));
    }
}
