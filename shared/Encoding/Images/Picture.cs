using StbImageSharp;

namespace Recommender.Encoders.Images;

/// <summary>A decoded picture.</summary>
public sealed class Picture
{
    private const int Channels = 4;

    private Picture(ImageHeader header, byte[] pixels) => (Header, Pixels) = (header, pixels);

    public ImageHeader Header { get; }

    public int Width => Header.Width;

    public int Height => Header.Height;

    /// <summary>height × width × 4 bytes, row-major: red, green, blue and opacity.</summary>
    internal ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>Decodes a JPEG or PNG file. Size and pixels are checked before anything is decoded.</summary>
    /// <exception cref="InvalidImageException">The bytes are neither JPEG nor PNG, too large, or damaged.</exception>
    public static Picture Decode(byte[] file)
    {
        var header = ImageHeader.Read(file);
        ImageResult image;
        try
        {
            image = ImageResult.FromMemory(file, ColorComponents.RedGreenBlueAlpha);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The decoder is a translation from C. Damaged files end in whatever check they meet first.
            throw new InvalidImageException(ImageFault.Content, "The picture is damaged and cannot be decoded.", e);
        }

        if (image.Width != header.Width || image.Height != header.Height || image.Data.Length != Channels * image.Width * image.Height)
            throw new InvalidImageException(ImageFault.Content, "The picture has another size than its header states.");
        return new Picture(header, image.Data);
    }

    /// <summary>Part of the picture.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is empty or not inside the picture.</exception>
    public Picture Crop(int left, int top, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, Width - left);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, Height - top);
        byte[] pixels = new byte[width * height * Channels];
        for (int y = 0; y < height; y++)
            Pixels.Span.Slice((((top + y) * Width) + left) * Channels, width * Channels).CopyTo(pixels.AsSpan(y * width * Channels));
        return new Picture(Header with { Width = width, Height = height }, pixels);
    }

    /// <summary>
    /// Scales the picture to fit a white square, keeping its proportions. A pixel of the square is the mean of the area it covers, or a
    /// bilinear mix where the picture is enlarged. Transparent pixels show white.
    /// </summary>
    /// <param name="side">Pixels of the square.</param>
    /// <param name="square">Receives 3 × side × side values from 0 to 1: all red, then all green, then all blue values.</param>
    internal void FitInto(int side, Span<float> square)
    {
        square.Fill(1);
        double scale = Math.Max(Width, Height) / (double)side;
        int width = Math.Max(1, (int)Math.Round(Width / scale)), height = Math.Max(1, (int)Math.Round(Height / scale));
        int left = (side - width) / 2, top = (side - height) / 2;
        var columns = Taps(Width, width);
        var rows = Taps(Height, height);
        var narrow = new float[Height * width * 3];
        var pixels = Pixels.Span;
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                float red = 0, green = 0, blue = 0;
                foreach (var (source, share) in columns[x])
                {
                    var pixel = pixels.Slice(((y * Width) + source) * Channels, Channels);
                    float opacity = pixel[3] / 255f, white = 1 - opacity;
                    red += share * ((pixel[0] / 255f * opacity) + white);
                    green += share * ((pixel[1] / 255f * opacity) + white);
                    blue += share * ((pixel[2] / 255f * opacity) + white);
                }

                int at = ((y * width) + x) * 3;
                (narrow[at], narrow[at + 1], narrow[at + 2]) = (red, green, blue);
            }
        }

        for (int channel = 0; channel < 3; channel++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                {
                    float value = 0;
                    foreach (var (source, share) in rows[y]) value += share * narrow[(((source * width) + x) * 3) + channel];
                    square[(channel * side * side) + ((top + y) * side) + left + x] = value;
                }
    }

    /// <summary>Source pixels of each target pixel along one axis, with shares that sum to 1: a triangle as wide as two target
    /// pixels.</summary>
    private static (int Source, float Share)[][] Taps(int source, int target)
    {
        double scale = source / (double)target, radius = Math.Max(scale, 1);
        var taps = new (int, float)[target][];
        for (int t = 0; t < target; t++)
        {
            double center = ((t + .5) * scale) - .5;
            int first = Math.Max(0, (int)Math.Ceiling(center - radius)), last = Math.Min(source - 1, (int)Math.Floor(center + radius));
            var shares = Enumerable.Range(first, last - first + 1).Select(s => (Source: s, Share: 1 - (Math.Abs(s - center) / radius)))
                .Where(s => s.Share > 0).ToArray();
            double sum = shares.Sum(s => s.Share);
            taps[t] = [.. shares.Select(s => (s.Source, (float)(s.Share / sum)))];
        }

        return taps;
    }
}
