using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics.Tensors;
using Recommender.Encoders.Images;
using Recommender.TestKit;

namespace Recommender.Encoders.Tests;

public sealed class PictureTests(EncoderFixture encoders)
{
    [Theory]
    [InlineData(0, "image/png")]
    [InlineData(75, "image/jpeg")]
    public void Header_and_pixels_agree(int quality, string type)
    {
        byte[] file = Pictures.Create(1, 40, 30, quality);
        Assert.Equal(new ImageHeader(type, 40, 30), ImageHeader.Read(file));
        var picture = Picture.Decode(file);
        Assert.Equal((40, 30), (picture.Width, picture.Height));
    }

    [Fact]
    public void Other_formats_are_refused()
    {
        byte[][] files =
        [
            [], [0xFF], "GIF89a\u0001\0\u0001\0"u8.ToArray(), "BM000000000000"u8.ToArray(), "RIFF\0\0\0\0WEBPVP8 "u8.ToArray(),
            "<svg xmlns='http://www.w3.org/2000/svg'/>"u8.ToArray(), "8BPS\0\u0001"u8.ToArray(), "#?RADIANCE\n"u8.ToArray(),
        ];
        foreach (byte[] file in files)
            Assert.Equal(ImageFault.Format, Assert.Throws<InvalidImageException>(() => Picture.Decode(file)).Fault);
    }

    /// <summary>Files of a few bytes that state sizes which would take all memory.</summary>
    [Theory]
    [InlineData(100_000, 100_000)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(1, int.MaxValue)]
    [InlineData(4097, 4097)]
    public void Sizes_are_checked_before_decoding(int width, int height)
    {
        byte[] png = Pictures.Create(1);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.Equal(ImageFault.Size, Assert.Throws<InvalidImageException>(() => Picture.Decode(png)).Fault);
        Assert.True(GC.GetTotalAllocatedBytes(precise: true) - before < 1 << 20);
    }

    [Fact]
    public void Too_many_bytes_are_refused() =>
        Assert.Equal(ImageFault.Size,
            Assert.Throws<InvalidImageException>(() => ImageHeader.Read(new byte[ImageHeader.MaxBytes + 1])).Fault);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 5)]
    public void A_side_of_0_pixels_is_refused(int width, int height)
    {
        byte[] png = Pictures.Create(1);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        Assert.Equal(ImageFault.Content, Assert.Throws<InvalidImageException>(() => Picture.Decode(png)).Fault);
    }

    /// <summary>Thousands of damaged files: each is decoded or refused, and the process survives.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public void Damaged_files_are_decoded_or_refused(int quality)
    {
        byte[] file = Pictures.Create(3, 48, 40, quality);
        var random = new Random(7);
        int refused = 0;
        for (int round = 0; round < 3_000; round++)
        {
            byte[] damaged = [.. file];
            for (int changes = 1 + random.Next(6); changes > 0; changes--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            if (round % 5 == 0) damaged = damaged[..random.Next(damaged.Length)];
            try
            {
                var picture = Picture.Decode(damaged);
                Assert.InRange((long)picture.Width * picture.Height, 1, ImageHeader.MaxPixels);
            }
            catch (InvalidImageException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 3_000);
    }

    /// <summary>A PNG whose compressed content is a thousand times larger than the picture.</summary>
    [Fact]
    public void A_decompression_bomb_is_refused()
    {
        using var content = new MemoryStream();
        using (var zlib = new ZLibStream(content, CompressionLevel.SmallestSize, leaveOpen: true)) zlib.Write(new byte[200 << 20]);
        byte[] header = Pictures.Create(1)[..33];
        byte[] data = content.ToArray();
        byte[] end = [.. BigEndian(0), .. BigEndian(0), .. "IEND"u8, .. BigEndian(0)];
        byte[] file = [.. header, .. BigEndian(data.Length), .. "IDAT"u8, .. data, .. end];
        try
        {
            Assert.Equal(96, Picture.Decode(file).Width);
        }
        catch (InvalidImageException e)
        {
            Assert.Equal(ImageFault.Content, e.Fault);
        }
    }

    /// <summary>Among pictures of different groups.</summary>
    [Fact]
    public async Task A_crop_is_nearer_than_another_picture()
    {
        Picture[] pictures = [.. Emoji(every: 90)];
        Picture[] crops = [.. pictures.Select(p => p.Crop(3, 3, p.Width - 6, p.Height - 5))];
        Assert.InRange(await FoundAsync(pictures, crops), .9, 1);
    }

    [Fact]
    public async Task Vectors_have_length_1_and_are_repeatable()
    {
        Picture[] pictures = [Picture.Decode(Pictures.Create(4, 1, 1)), Picture.Decode(Pictures.Create(5, 500, 2)),
            Picture.Decode(Pictures.Create(6, 64, 64, 75))];
        var vectors = await EncoderFixture.EncodeAsync(encoders.Images, pictures);
        foreach (var vector in vectors) Assert.Equal(1, TensorPrimitives.Norm<float>(vector), 4);
        Assert.Equal(vectors, await EncoderFixture.EncodeAsync(encoders.Images, pictures));
    }

    [Fact]
    public async Task A_compressed_copy_has_its_original_as_nearest_neighbour()
    {
        Picture[] originals = [.. Emoji(every: 40)];
        Picture[] copies = [.. originals.Select(Compressed)];
        Assert.InRange(await FoundAsync(originals, copies), .95, 1);
    }

    private static IEnumerable<Picture> Emoji(int every)
    {
        using var zip = ZipFile.OpenRead(Path.Combine(DataSets.Find("emoji-twemoji"), "images-64px.zip"));
        foreach (var entry in zip.Entries.Where(e => e.Name.EndsWith(".png", StringComparison.Ordinal)).Where((_, n) => n % every == 0))
            yield return Picture.Decode(Bytes(entry));
    }

    /// <summary>Share of the copies whose nearest picture is the one at the same place.</summary>
    private async Task<double> FoundAsync(Picture[] originals, Picture[] copies)
    {
        var vectors = await EncoderFixture.EncodeAsync(encoders.Images, originals);
        var others = await EncoderFixture.EncodeAsync(encoders.Images, copies);
        int Nearest(float[] other) => Enumerable.Range(0, vectors.Length).MaxBy(m => EncoderFixture.Cosine(other, vectors[m]));
        return others.Index().Count(other => Nearest(other.Item) == other.Index) / (double)others.Length;
    }

    private static Picture Compressed(Picture picture)
    {
        byte[] pixels = new byte[picture.Width * picture.Height * 3];
        var source = picture.Pixels.Span;
        for (int pixel = 0; pixel < pixels.Length / 3; pixel++)
            for (int channel = 0; channel < 3; channel++)
                pixels[(pixel * 3) + channel] = (byte)(255 - (source[(pixel * 4) + 3] * (255 - source[(pixel * 4) + channel]) / 255));
        return Picture.Decode(Pictures.Write(pixels, picture.Width, picture.Height, quality: 75));
    }

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static byte[] BigEndian(int number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}
