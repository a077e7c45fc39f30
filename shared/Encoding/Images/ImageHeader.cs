using System.Buffers.Binary;

namespace Recommender.Encoders.Images;

/// <summary>Kind and size of a JPEG or PNG file, read without decoding it.</summary>
/// <param name="MediaType"><c>image/jpeg</c> or <c>image/png</c>.</param>
/// <param name="Width">Pixels, at least 1.</param>
/// <param name="Height">Pixels, at least 1.</param>
public readonly record struct ImageHeader(string MediaType, int Width, int Height)
{
    /// <summary>Largest file, in bytes.</summary>
    public const int MaxBytes = 8 << 20;

    /// <summary>Most pixels of a picture. Decoding takes up to 8 bytes per pixel.</summary>
    public const int MaxPixels = 16 << 20;

    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Reads the header and checks the limits.</summary>
    /// <exception cref="InvalidImageException">The bytes are neither JPEG nor PNG, too large, or damaged.</exception>
    public static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        if (file.Length > MaxBytes)
            throw new InvalidImageException(ImageFault.Size, $"The picture has {file.Length} bytes; at most {MaxBytes} are allowed.");
        var header = file.StartsWith(PngSignature) ? ReadPng(file)
            : file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? ReadJpeg(file)
            : throw new InvalidImageException(ImageFault.Format, "The bytes are neither a JPEG nor a PNG picture.");
        if (header.Width == 0 || header.Height == 0) throw Damaged("states a side of 0 pixels");
        if ((long)header.Width * header.Height > MaxPixels)
            throw new InvalidImageException(ImageFault.Size,
                $"The picture has {header.Width} × {header.Height} pixels; at most {MaxPixels} pixels are allowed.");
        return header;
    }

    /// <summary>PNG, section 11.2.2: the first chunk is IHDR with width and height.</summary>
    private static ImageHeader ReadPng(ReadOnlySpan<byte> file)
    {
        if (file.Length < 33 || BinaryPrimitives.ReadUInt32BigEndian(file[8..]) != 13 || !file[12..16].SequenceEqual("IHDR"u8))
            throw Damaged("does not begin with a PNG header");
        uint width = BinaryPrimitives.ReadUInt32BigEndian(file[16..]), height = BinaryPrimitives.ReadUInt32BigEndian(file[20..]);
        if (width > int.MaxValue || height > int.MaxValue) throw Damaged("states a side of more than 2³¹ − 1 pixels");
        return new("image/png", (int)width, (int)height);
    }

    /// <summary>ITU T.81, section B.2.2: the frame header follows after other segments, each of which states its length.</summary>
    private static ImageHeader ReadJpeg(ReadOnlySpan<byte> file)
    {
        int at = 2;
        while (at + 4 <= file.Length)
        {
            if (file[at] != 0xFF) break;
            byte marker = file[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            // Frames are C0 to CF without C4 (tables), C8 (reserved) and CC (arithmetic coding).
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                if (length < 8 || at + 9 > file.Length) break;
                return new("image/jpeg", BinaryPrimitives.ReadUInt16BigEndian(file[(at + 7)..]),
                    BinaryPrimitives.ReadUInt16BigEndian(file[(at + 5)..]));
            }

            if (length < 2 || marker is 0xD9 or 0xDA) break;
            at += 2 + length;
        }

        throw Damaged("has no JPEG frame header");
    }

    private static InvalidImageException Damaged(string how) => new(ImageFault.Content, $"The picture {how}.");
}
