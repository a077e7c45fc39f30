using StbImageWriteSharp;

namespace Recommender.Encoders.Tests;

/// <summary>Generated pictures.</summary>
internal static class Pictures
{
    /// <summary>A PNG or JPEG of soft shapes, the same for the same seed.</summary>
    /// <param name="quality">JPEG quality; 0 writes PNG.</param>
    public static byte[] Create(int seed, int width = 96, int height = 96, int quality = 0)
    {
        var random = new Random(seed);
        byte[] pixels = new byte[width * height * 3];
        var waves = Enumerable.Range(0, 9).Select(_ => (X: random.NextDouble() * 12 / width, Y: random.NextDouble() * 12 / height,
            Phase: random.NextDouble() * 6)).ToArray();
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int channel = 0; channel < 3; channel++)
                {
                    double sum = 0;
                    for (int wave = channel; wave < waves.Length; wave += 3)
                        sum += Math.Sin((x * waves[wave].X) + (y * waves[wave].Y) + waves[wave].Phase);
                    pixels[(((y * width) + x) * 3) + channel] = (byte)(127 + (42 * sum));
                }
        return Write(pixels, width, height, quality);
    }

    public static byte[] Write(byte[] pixels, int width, int height, int quality)
    {
        using var stream = new MemoryStream();
        var writer = new ImageWriter();
        if (quality == 0) writer.WritePng(pixels, width, height, ColorComponents.RedGreenBlue, stream);
        else writer.WriteJpg(pixels, width, height, ColorComponents.RedGreenBlue, stream, quality);
        return stream.ToArray();
    }
}
