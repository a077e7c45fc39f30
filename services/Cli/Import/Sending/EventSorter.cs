using Recommender.Contracts;

namespace Recommender.Cli.Import.Sending;

/// <summary>
/// Puts events into time order, events of one time in the order they came (a stable sort). Holds at most one chunk in memory:
/// full chunks are sorted and written to temporary files, which are merged while reading.
/// </summary>
internal sealed class EventSorter(int chunkSize = EventSorter.DefaultChunkSize) : IDisposable
{
    /// <summary>Events kept in memory: about 200 bytes each.</summary>
    public const int DefaultChunkSize = 500_000;

    private readonly List<Interaction> _chunk = [];
    private readonly List<FileStream> _spilled = [];

    public long Count { get; private set; }

    /// <summary>Adds an event, which must have its time.</summary>
    public void Add(Interaction interaction)
    {
        if (interaction.OccurredAt is null) throw new ArgumentException("occurredAt is required", nameof(interaction));
        _chunk.Add(interaction);
        Count++;
        if (_chunk.Count >= chunkSize) Spill();
    }

    /// <summary>All events in order. May be enumerated once, after the last <see cref="Add"/>.</summary>
    public IEnumerable<Interaction> Read()
    {
        if (_spilled.Count == 0)
        {
            foreach (var interaction in InOrder(_chunk)) yield return interaction;
            yield break;
        }

        if (_chunk.Count > 0) Spill();
        var readers = _spilled.Select(file =>
        {
            file.Position = 0;
            return new BinaryReader(file);
        }).ToArray();

        // Chunks are in the order they came, so the lower chunk goes first where times are equal.
        var heads = new PriorityQueue<(int Reader, Interaction Interaction), (long Ticks, int Reader)>();
        void Advance(int i)
        {
            if (readers[i].BaseStream.Position == readers[i].BaseStream.Length) return;
            var next = ReadOne(readers[i]);
            heads.Enqueue((i, next), (next.OccurredAt!.Value.UtcTicks, i));
        }

        for (int i = 0; i < readers.Length; i++) Advance(i);
        while (heads.TryDequeue(out var head, out _))
        {
            yield return head.Interaction;
            Advance(head.Reader);
        }
    }

    public void Dispose()
    {
        foreach (var file in _spilled) file.Dispose();
        _spilled.Clear();
    }

    private static IEnumerable<Interaction> InOrder(List<Interaction> interactions)
    {
        for (int i = 1; i < interactions.Count; i++)
        {
            if (interactions[i].OccurredAt < interactions[i - 1].OccurredAt) return interactions.OrderBy(e => e.OccurredAt!.Value.UtcTicks);
        }

        return interactions;
    }

    private void Spill()
    {
        string path = Path.Combine(Path.GetTempPath(), $"recommender-import-{Guid.NewGuid():N}.tmp");
        var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose,
            BufferSize = 128 * 1024,
        });
        _spilled.Add(file);
        using var writer = new BinaryWriter(file, System.Text.Encoding.UTF8, leaveOpen: true);
        foreach (var interaction in InOrder(_chunk)) WriteOne(writer, interaction);
        _chunk.Clear();
    }

    private static void WriteOne(BinaryWriter writer, Interaction interaction)
    {
        writer.Write(interaction.OccurredAt!.Value.UtcTicks);
        writer.Write(interaction.EventId ?? "");
        writer.Write(interaction.UserId ?? "");
        writer.Write(interaction.SessionId ?? "");
        writer.Write(interaction.ItemId ?? "");
        writer.Write(interaction.Type ?? "");
        writer.Write(interaction.Value ?? double.NaN);
    }

    private static Interaction ReadOne(BinaryReader reader)
    {
        var at = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
        string? eventId = Text(), userId = Text(), sessionId = Text(), itemId = Text(), type = Text();
        double value = reader.ReadDouble();
        return new Interaction
        {
            OccurredAt = at,
            EventId = eventId,
            UserId = userId,
            SessionId = sessionId,
            ItemId = itemId,
            Type = type,
            Value = double.IsNaN(value) ? null : value,
        };

        string? Text() => reader.ReadString() is { Length: > 0 } text ? text : null;
    }
}
