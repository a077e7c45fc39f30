using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Recommender.Cli.Import.Files;

/// <summary>Checks bytes that come piece by piece for valid UTF-8 and counts their lines.</summary>
internal sealed class Utf8Check
{
    private const int LongestSequence = 4;

    private readonly byte[] _carried = new byte[LongestSequence];
    private int _carriedCount;
    private bool _lastWasCarriageReturn;

    /// <summary>1-based line of the last byte that was checked, or of the first invalid one.</summary>
    public long Line { get; private set; } = 1;

    /// <summary>The first byte of the invalid sequence, after <see cref="Add"/> or <see cref="End"/> was false.</summary>
    public byte InvalidByte { get; private set; }

    /// <summary>Checks the next bytes. False at the first invalid sequence; no further call is meaningful then.</summary>
    public bool Add(ReadOnlySpan<byte> bytes)
    {
        if (_carriedCount > 0 && !FinishCarried(ref bytes)) return false;
        int valid = ValidPrefix(bytes);
        CountLines(bytes[..valid]);
        var rest = bytes[valid..];
        if (rest.IsEmpty) return true;
        if (Rune.DecodeFromUtf8(rest, out _, out _) != OperationStatus.NeedMoreData) return Fail(rest[0]);
        rest.CopyTo(_carried);
        _carriedCount = rest.Length;
        return true;
    }

    /// <summary>False when the bytes end within a character.</summary>
    public bool End() => _carriedCount == 0 || Fail(_carried[0]);

    private bool FinishCarried(ref ReadOnlySpan<byte> bytes)
    {
        int taken = Math.Min(LongestSequence - _carriedCount, bytes.Length);
        bytes[..taken].CopyTo(_carried.AsSpan(_carriedCount));
        switch (Rune.DecodeFromUtf8(_carried.AsSpan(0, _carriedCount + taken), out _, out int length))
        {
            case OperationStatus.Done:
                bytes = bytes[(length - _carriedCount)..];
                _carriedCount = 0;
                _lastWasCarriageReturn = false;
                return true;
            case OperationStatus.NeedMoreData:
                _carriedCount += taken;
                bytes = [];
                return true;
            default:
                return Fail(_carried[0]);
        }
    }

    private static int ValidPrefix(ReadOnlySpan<byte> bytes)
    {
        // The last character may be cut, by at most its last byte.
        for (int cut = 0; cut < LongestSequence && cut <= bytes.Length; cut++)
        {
            if (Utf8.IsValid(bytes[..^cut])) return bytes.Length - cut;
        }

        int at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out int length) == OperationStatus.Done) at += length;
        return at;
    }

    private void CountLines(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        bool isPair = _lastWasCarriageReturn && bytes[0] == '\n';
        _lastWasCarriageReturn = bytes[^1] == '\r';
        if (isPair) bytes = bytes[1..];
        for (int at = bytes.IndexOfAny((byte)'\r', (byte)'\n'); at >= 0; at = bytes.IndexOfAny((byte)'\r', (byte)'\n'))
        {
            Line++;
            isPair = bytes[at..] is [(byte)'\r', (byte)'\n', ..];
            bytes = bytes[(at + (isPair ? 2 : 1))..];
        }
    }

    private bool Fail(byte invalid)
    {
        InvalidByte = invalid;
        return false;
    }
}
