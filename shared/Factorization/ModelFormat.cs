namespace Recommender.Factorization;

/// <summary>The bytes of a model: the header tells the learner, which reads the rest.</summary>
internal static class ModelFormat
{
    public static Model Read(Stream stream) => throw new InvalidDataException("This is not a model: the magic number is missing.");
}
