using Recommender.Contracts;

namespace Recommender.Client;

/// <summary>Divides a sequence of events into request bodies.</summary>
public static class EventBatches
{
    /// <summary>A batch may grow to this many times its size so that events of one time stay together.</summary>
    private const int MaxGrowth = 2;

    /// <summary>
    /// Divides between events of different times if possible: concurrent batches may arrive in any order, but within one batch events of
    /// equal time keep their order.
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
