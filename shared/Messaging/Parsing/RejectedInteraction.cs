using Recommender.Messaging.Streams;

namespace Recommender.Messaging.Parsing;

/// <param name="Index">0-based position in the array; 0 for a single object, -1 when the message as a whole cannot be read.</param>
/// <param name="Field">The field that is wrong; empty when the element as a whole is.</param>
/// <param name="Body">The element as it came.</param>
public sealed record RejectedInteraction(int Index, string Field, string Error, ReadOnlyMemory<byte> Body)
{
    public DeadMessage ToDeadMessage() => new(Body, Index < 0 ? $"{Error}"
        : $"element {Index}: {(Field.Length > 0 ? Field + " " : "")}{Error}");
}
