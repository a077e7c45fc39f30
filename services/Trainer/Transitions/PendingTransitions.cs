using Recommender.Storage.Events;

namespace Recommender.Trainer.Transitions;

/// <summary>What the transactions of a batch have stored and transitions have to follow.</summary>
public sealed class PendingTransitions
{
    internal List<StoredPart> Parts { get; } = [];

    /// <summary>Takes note of what a transaction has stored.</summary>
    public void Note(StoredBatch stored)
    {
        if (stored.Events.Count == 0) return;
        Parts.Add(new(stored.Events, stored.Additions.ToDictionary(added => added.UserKey, added => added.PriorRevision), stored.Revision));
    }

    /// <param name="PriorRevisions">The revision of each user before it.</param>
    /// <param name="Revision">The revision of each user after it.</param>
    internal sealed record StoredPart(IReadOnlyList<SequencedEvent> Events, Dictionary<int, long> PriorRevisions, long Revision)
    {
        public long Before => Events[0].Sequence - 1;

        public long Last => Events[^1].Sequence;
    }
}
