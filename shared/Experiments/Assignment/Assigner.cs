using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Recommender.Experiments.Assignment;

/// <summary>
/// Assigns units to variants by HMAC-SHA-256 of the unit id under the secret salt, so every instance gives the same answer without
/// shared state. Ramp, variant and hold-out use separate words of the hash. Thread-safe.
/// </summary>
public sealed class Assigner
{
    /// <summary>The unit takes no part: it sees the control and is not counted.</summary>
    public const int None = -1;

    private const int StackBytes = 256;

    private readonly ExperimentDefinition _definition;
    private readonly byte[] _salt;
    private readonly byte[]? _layerSalt;
    private readonly double[] _ends;

    /// <exception cref="ArgumentException">The definition is not valid.</exception>
    public Assigner(ExperimentDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var errors = ExperimentValidator.Validate(definition);
        if (errors.Count > 0) throw new ArgumentException(string.Join(' ', errors), nameof(definition));
        _definition = definition;
        _salt = Encoding.UTF8.GetBytes(definition.Salt);
        _layerSalt = definition.Layer is { } layer ? Encoding.UTF8.GetBytes(layer.Salt) : null;
        _ends = new double[definition.Variants.Count];
        double end = 0;
        for (int v = 0; v < _ends.Length; v++) _ends[v] = end += definition.Variants[v].Share;
        _ends[^1] = double.PositiveInfinity;
    }

    /// <summary>Index of the variant whose group the unit belongs to, or <see cref="None"/>.</summary>
    /// <param name="unit">User id or session id.</param>
    /// <param name="now">Time of the answer.</param>
    public int Assign(string unit, DateTimeOffset now)
    {
        ArgumentException.ThrowIfNullOrEmpty(unit);
        if (!_definition.IsRunning(now)) return None;
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (_layerSalt is not null)
        {
            Hash(_layerSalt, unit, hash);
            double place = Word(hash, 0);
            if (place < _definition.Layer!.From || place >= _definition.Layer.To) return None;
        }

        Hash(_salt, unit, hash);
        if (Word(hash, 0) < _definition.HoldOut || Word(hash, 1) >= _definition.Ramp) return None;
        double point = Word(hash, 2);
        int variant = 0;
        while (point >= _ends[variant]) variant++;
        return variant;
    }

    /// <summary>Index of the variant to serve: the assigned one, or the control (0) if there is none or it is stopped.</summary>
    /// <inheritdoc cref="Assign" path="/param"/>
    public int Serve(string unit, DateTimeOffset now)
    {
        int variant = Assign(unit, now);
        return variant == None || _definition.StoppedVariants.Contains(_definition.Variants[variant].Name) ? 0 : variant;
    }

    private static void Hash(byte[] salt, string unit, Span<byte> hash)
    {
        int length = Encoding.UTF8.GetByteCount(unit);
        Span<byte> bytes = length <= StackBytes ? stackalloc byte[StackBytes] : new byte[length];
        HMACSHA256.HashData(salt, bytes[..Encoding.UTF8.GetBytes(unit, bytes)], hash);
    }

    // 53 bits: every value is exact and below 1.
    private static double Word(ReadOnlySpan<byte> hash, int index) =>
        (BinaryPrimitives.ReadUInt64LittleEndian(hash[(index * sizeof(ulong))..]) >> 11) * (1.0 / (1UL << 53));
}
