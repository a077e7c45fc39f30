using System.Text;

namespace Recommender.Benchmarks.Running;

/// <summary>
/// Bodies of one event or an array of events that never repeat an event id. They are written once, and only the digits of the ids change,
/// because the load generator shares the processors with the system under test.
/// </summary>
internal sealed class EventBodies
{
    private const int Variants = 16, Digits = 8;
    private readonly byte[][] _bodies = new byte[Variants][];
    private readonly int _firstId, _eventLength, _batch;
    private int _next;

    /// <param name="worker">Part of the event ids: two sources of the same number give the same ids.</param>
    /// <param name="head">Returns the bytes in front of a body of a given length.</param>
    public EventBodies(int batch, int worker, Func<int, byte[]>? head = null)
    {
        _batch = batch;
        for (int variant = 0; variant < Variants; variant++)
        {
            var text = new StringBuilder();
            for (int i = 0; i < batch; i++)
            {
                ulong mix = (ulong)((worker * 1_000_003L) + (variant * 7919) + i) * 0x9E3779B97F4A7C15UL;
                text.Append(i > 0 ? ',' : batch > 1 ? '[' : ' ');
                text.Append(System.Globalization.CultureInfo.InvariantCulture,
                    $"{{\"eventId\":\"e-00000000-{worker:0000}-{i:000}\",\"userId\":\"user{(mix >> 20) % 10_000:0000}\",\"itemId\":\"item{(mix >> 40) % 5_000:0000}\",\"type\":\"view\",\"occurredAt\":\"2024-05-{1 + (mix % 28):00}T12:00:00Z\"}}");
            }

            text.Append(batch > 1 ? ']' : ' ');
            byte[] body = Encoding.ASCII.GetBytes(text.ToString()), before = head?.Invoke(body.Length) ?? [];
            _bodies[variant] = [.. before, .. body];
            _eventLength = (body.Length - 1) / batch;
            _firstId = before.Length + body.AsSpan().IndexOf("e-0"u8) + 2;
        }
    }

    /// <summary>The next body. It is overwritten after 16 more calls.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        byte[] body = _bodies[_next % Variants];
        Span<byte> digits = stackalloc byte[Digits];
        _next.TryFormat(digits, out _, "00000000", System.Globalization.CultureInfo.InvariantCulture);
        for (int i = 0; i < _batch; i++) digits.CopyTo(body.AsSpan(_firstId + (i * _eventLength)));
        _next++;
        return body;
    }
}
