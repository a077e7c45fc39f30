using System.Buffers;
using Recommender.Contracts.Served;
using Xunit;

namespace Recommender.Contracts.Tests;

public sealed class ServedAnswerFormatTests
{
    [Fact]
    public void What_is_written_is_read_whatever_it_holds()
    {
        var random = new Random(5);
        UserRef?[] subjects = [null, UserRef.User("ann"), UserRef.Session("ü {1}\u0001"), UserRef.User(new string('x', 256))];
        string[] sources = [Sources.Personal, Sources.Session, Sources.Similar, Sources.Together, Sources.Again, Sources.Recent,
            Sources.Trending, Sources.Popular, Sources.Latest, Sources.Search];
        var written = Enumerable.Range(0, 300).Select(i =>
        {
            var answer = new ServedAnswer
            {
                Id = new(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64())),
                AtMs = random.NextInt64(0, 4_102_444_800_000),
                Kind = (AnswerKind)(i % 11),
                Source = sources[i % sources.Length],
                Placement = i % 3 == 0 ? null : $"plätze {i}",
                Subject = subjects[i % subjects.Length],
                ModelVersion = i % 2 == 0 ? 0 : random.NextInt64(1, long.MaxValue),
                Share = random.NextSingle(),
            };
            int count = i % 7 == 0 ? 0 : random.Next(40);
            answer.Begin(count);
            for (int n = 0; n < count; n++) answer.Add(new(random.Next(), n % 5 == 0 ? float.NegativeInfinity : random.NextSingle()));
            return answer;
        }).ToList();
        var message = new ArrayBufferWriter<byte>();
        ServedAnswerFormat.Begin(message);
        foreach (var answer in written) ServedAnswerFormat.Append(message, answer);

        var read = ServedAnswerFormat.Read(message.WrittenMemory);
        Assert.Equal(written.Count, read.Count);
        foreach (var (expected, (actual, body)) in written.Zip(read))
        {
            AssertEqual(expected, actual);
            var stored = new ServedAnswer { Id = expected.Id, AtMs = expected.AtMs, Subject = expected.Subject };
            ServedAnswerFormat.ReadBody(body.Span, stored);
            AssertEqual(expected, stored);
        }
    }

    [Fact]
    public void Anything_else_is_refused_and_never_read_beyond_its_end()
    {
        var answer = new ServedAnswer { Id = new(1), AtMs = 1_700_000_000_000, Subject = UserRef.User("ann"), Placement = "home" };
        answer.Begin(3);
        for (int i = 0; i < 3; i++) answer.Add(new(1000 + i, i));
        var message = new ArrayBufferWriter<byte>();
        ServedAnswerFormat.Begin(message);
        ServedAnswerFormat.Append(message, answer);
        byte[] bytes = message.WrittenSpan.ToArray();
        Assert.Empty(ServedAnswerFormat.Read(bytes.AsMemory(0, 1)));
        for (int length = 0; length < bytes.Length; length++)
            if (length != 1) Assert.Throws<InvalidDataException>(() => ServedAnswerFormat.Read(bytes.AsMemory(0, length)));
        Assert.Throws<InvalidDataException>(() => ServedAnswerFormat.Read((byte[])[2, .. bytes[1..]]));

        // Any bytes are read, or refused; no other exception, no other memory.
        var random = new Random(1);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] hostile = [.. bytes];
            for (int change = 0; change < 1 + (round % 4); change++) hostile[random.Next(1, hostile.Length)] = (byte)random.Next(256);
            try
            {
                ServedAnswerFormat.Read(hostile);
            }
            catch (InvalidDataException)
            {
                // Refused.
            }
        }
    }

    [Theory]
    [InlineData("4f0c7b1e2a9d1f604f0c7b1e2a9d1f60", true)]
    [InlineData("00000000000000000000000000000000", true)]
    [InlineData("4F0C7B1E2A9D1F604F0C7B1E2A9D1F60", false)]
    [InlineData("4f0c7b1e2a9d1f604f0c7b1e2a9d1f6", false)]
    [InlineData(" f0c7b1e2a9d1f604f0c7b1e2a9d1f60", false)]
    [InlineData("", false)]
    public void An_id_is_32_digits(string text, bool isId)
    {
        Assert.Equal(isId, RecommendationId.TryParse(text, out var id));
        if (isId) Assert.Equal(text, id.ToString());
    }

    private static void AssertEqual(ServedAnswer expected, ServedAnswer actual)
    {
        Assert.Equal((expected.Id, expected.AtMs, expected.Kind, expected.Source, expected.Placement, expected.Subject,
            expected.ModelVersion, expected.Share), (actual.Id, actual.AtMs, actual.Kind, actual.Source, actual.Placement, actual.Subject,
            actual.ModelVersion, actual.Share));
        Assert.Equal(expected.Items.ToArray(), actual.Items.ToArray());
    }
}
