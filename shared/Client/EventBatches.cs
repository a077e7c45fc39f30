using Recommender.Contracts;

namespace Recommender.Client;

/// <summary>Cuts a sequence of events into the bodies of requests.</summary>
public static class EventBatches
{
    /// <summary>A batch may grow to this many times its size so that events of one time stay together.</summary>
    private const int MaxGrowth = 2;

    /// <summary>
    /// Cuts between events of different times where it can: batches in flight may arrive in any order, and within one batch
    /// the order of equal times is kept.
    /// </summary>
    public static IEnumerable<IReadOnlyList<Interaction>> Cut(IEnumerable<Interaction> events, int size)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        return CutCore();

        IEnumerable<IReadOnlyList<Interaction>> CutCore()
        {
            var batch = new List<Interaction>(size);
            foreach (var interaction in events)
            {
                bool isFull = batch.Count >= size && (batch[^1].OccurredAt != interaction.OccurredAt || batch.Count >= size * MaxGrowth);
                if (isFull)
                {
                    yield return batch;
                    batch = new List<Interaction>(size);
                }

                batch.Add(interaction);
            }

            if (batch.Count > 0) yield return batch;
        }
    }
}
