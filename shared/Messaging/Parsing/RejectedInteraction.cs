using Recommender.Messaging.Streams;

namespace Recommender.Messaging.Parsing;

/// <param name="Index">0-based position in the array; 0 for a single object, -1 if the message as a whole cannot be parsed.</param>
/// <param name="Field">The wrong field; empty if the element as a whole is wrong.</param>
/// <param name="Body">The unchanged element.</param>
public sealed record RejectedInteraction(int Index, string Field, string Error, ReadOnlyMemory<byte> Body)
{
    public DeadMessage ToDeadMessage() => new(Body, Index < 0 ? $"{Error}"
        : $"element {Index}: {(Field.Length > 0 ? Field + " " : "")}{Error}");
}
