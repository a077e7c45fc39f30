using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Recommender.Factorization.Learners;

namespace Recommender.Factorization.Models;

internal sealed class ModelReader(Stream stream)
{
    public Stream Stream => stream;

    /// <summary>Format version of the model.</summary>
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
        return value >= least && value <= most ? value
            : throw new InvalidDataException($"The model is damaged: {value} where {least}..{most} was expected.");
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
            var settings = LearnerSettings.FromJson(Text()) as T
                ?? throw new InvalidDataException("The model's settings are of another learner.");
            settings.Validate();
            return settings;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"The model's settings cannot be read: {e.Message}", e);
        }
    }

    /// <param name="expected">Expected length; negative for any length.</param>
    public T[] Numbers<T>(long expected = -1) where T : unmanaged
    {
        Span<byte> bytes = stackalloc byte[8];
        Fill(bytes, "the model");
        long length = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (length < 0 || length > Array.MaxLength || (expected >= 0 && length != expected))
            throw new InvalidDataException($"The model is damaged: an array of {length} numbers where {expected} were expected.");
        // Grows during reading, so that a damaged length does not allocate memory.
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
            throw new InvalidDataException(what == "a model" ? "This is not a model: it is shorter than a magic number."
                : "The model is cut short.");
    }
}
