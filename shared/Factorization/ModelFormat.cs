using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Recommender.Factorization;

/// <summary>
/// The bytes of a model, little-endian: magic "RFM1", format version (4), learner (text), what the learner wrote, end mark "END1".
/// A text is its UTF-8 length (4) and bytes; an array its length (8) and numbers. Format 2 keeps neighbours compactly; models of format 1 still load.
/// </summary>
internal static class ModelFormat
{
    public const uint Magic = 0x314D4652;
    public const uint EndMark = 0x31444E45;
    public const int Version = 2;

    public static Model Read(Stream stream)
    {
        var reader = Open(stream, out string learner);
        Model model = learner switch
        {
            IalsModel.Name => IalsModel.ReadBody(reader),
            PopularityModel.Name => PopularityModel.ReadBody(reader),
            Spectral.Name => LinearModel.ReadBody<SpectralSettings>(learner, reader),
            NeighbourhoodModel.Name => NeighbourhoodModel.ReadBody(reader),
            HybridModel.Name => HybridModel.ReadBody(reader),
            SumModel.Name => SumModel.ReadBody(reader),
            CompressedModel.Name => CompressedModel.ReadBody(reader),
            RecencyModel.Name => RecencyModel.ReadBody(reader),
            _ => throw new InvalidDataException($"The model is of learner '{learner}', which this program does not know."),
        };
        Close(reader);
        return model;
    }

    /// <summary>Reads what every model starts with.</summary>
    public static ModelReader Open(Stream stream, out string learner)
    {
        var reader = new ModelReader(stream);
        if (reader.Unsigned("a model") != Magic) throw new InvalidDataException("This is not a model: the magic number is missing.");
        int version = reader.Integer(1, int.MaxValue);
        if (version > Version) throw new InvalidDataException($"The model has format {version}; this program reads formats up to {Version}.");
        reader.Version = version;
        learner = reader.Text();
        return reader;
    }

    public static void Close(ModelReader reader)
    {
        if (reader.Unsigned("the model") != EndMark) throw new InvalidDataException("The model does not end where it should.");
    }
}

internal sealed class ModelWriter
{
    private readonly Stream stream;

    public ModelWriter(Stream stream, string learner)
    {
        this.stream = stream;
        Integer(unchecked((int)ModelFormat.Magic));
        Integer(ModelFormat.Version);
        Text(learner);
    }

    public void Integer(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Integer(bytes.Length);
        stream.Write(bytes);
    }

    public void Numbers<T>(ReadOnlySpan<T> numbers) where T : unmanaged
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, numbers.Length);
        stream.Write(length);
        // In pieces: the bytes of a large array do not fit one span.
        for (int at = 0; at < numbers.Length; at += 1 << 20) stream.Write(MemoryMarshal.AsBytes(numbers[at..Math.Min(at + (1 << 20), numbers.Length)]));
    }

    public void End() => Integer(unchecked((int)ModelFormat.EndMark));
}

internal sealed class ModelReader(Stream stream)
{
    public Stream Stream => stream;

    /// <summary>Format of what is read.</summary>
    public int Version { get; set; }

    public uint Unsigned(string what)
    {
        Span<byte> bytes = stackalloc byte[4];
        Fill(bytes, what);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public int Integer(int least, int most)
    {
        int value = unchecked((int)Unsigned("the model"));
        return value >= least && value <= most ? value : throw new InvalidDataException($"The model is damaged: {value} where {least}..{most} was expected.");
    }

    public string Text()
    {
        var bytes = new byte[Integer(0, 1 << 20)];
        Fill(bytes, "the model");
        return Encoding.UTF8.GetString(bytes);
    }

    public T Settings<T>() where T : LearnerSettings
    {
        try
        {
            var settings = LearnerSettings.FromJson(Text()) as T ?? throw new InvalidDataException("The model's settings are of another learner.");
            settings.Validate();
            return settings;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"The model's settings cannot be read: {e.Message}", e);
        }
    }

    /// <param name="expected">Negative: as many as there are.</param>
    public T[] Numbers<T>(long expected = -1) where T : unmanaged
    {
        Span<byte> bytes = stackalloc byte[8];
        Fill(bytes, "the model");
        long length = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (length < 0 || length > Array.MaxLength || (expected >= 0 && length != expected))
            throw new InvalidDataException($"The model is damaged: an array of {length} numbers where {expected} were expected.");
        // Grown while reading, so that a damaged length is found before memory is asked for.
        var numbers = new T[Math.Min(length, 1 << 20)];
        for (int at = 0; at < length; at += 1 << 20)
        {
            int piece = (int)Math.Min(1 << 20, length - at);
            if (at + piece > numbers.Length) Array.Resize(ref numbers, (int)Math.Min(length, Math.Max(at + piece, 2L * numbers.Length)));
            Fill(MemoryMarshal.AsBytes(numbers.AsSpan(at, piece)), "the model");
        }

        return numbers;
    }

    private void Fill(Span<byte> bytes, string what)
    {
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new InvalidDataException(what == "a model" ? "This is not a model: it is shorter than a magic number." : "The model is cut short.");
    }
}
