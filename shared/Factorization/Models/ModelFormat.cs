using Recommender.Factorization.Learners;

namespace Recommender.Factorization.Models;

/// <summary>
/// The format of stored models, little-endian: magic "RFM1", format version (4 bytes), learner (text), body of the learner, end mark
/// "END1". A text is its UTF-8 length (4 bytes) and bytes; an array its length (8 bytes) and numbers. Format 2 has compact neighbours;
/// models of format 1 can be read.
/// </summary>
internal static class ModelFormat
{
    public const uint Magic = 0x314D4652;
    public const uint EndMark = 0x31444E45;
    public const int Version = 2;

    public static Model Read(Stream stream)
    {
        var reader = Open(stream, out string learner);
        var read = LearnerRegistry.Find(learner)?.Read
            ?? throw new InvalidDataException($"The model is of learner '{learner}', which this program does not know.");
        var model = read(reader);
        Close(reader);
        return model;
    }

    /// <summary>Reads the header of a model.</summary>
    public static ModelReader Open(Stream stream, out string learner)
    {
        var reader = new ModelReader(stream);
        if (reader.Unsigned("a model") != Magic) throw new InvalidDataException("This is not a model: the magic number is missing.");
        int version = reader.Integer(1, int.MaxValue);
        if (version > Version)
            throw new InvalidDataException($"The model has format {version}; this program reads formats up to {Version}.");
        reader.Version = version;
        learner = reader.Text();
        return reader;
    }

    public static void Close(ModelReader reader)
    {
        if (reader.Unsigned("the model") != EndMark) throw new InvalidDataException("The model does not end where it should.");
    }
}
