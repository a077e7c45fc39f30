using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Content;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Models;

namespace Recommender.Trainer.Releasing;

/// <summary>A released model for fold-in: the factors and the row of each item.</summary>
public sealed class FoldInModel
{
    private readonly int[] _indexOfKey;

    public FoldInModel(long version, Model model, int[] itemKeys, ItemPlacement? placement = null, EventWeights? weights = null)
    {
        Weights = weights;
        Placement = placement;
        Version = version;
        Model = model;
        ItemKeys = itemKeys;
        _indexOfKey = new int[itemKeys.Length == 0 ? 0 : itemKeys.Max() + 1];
        Array.Fill(_indexOfKey, -1);
        for (int i = 0; i < itemKeys.Length; i++) _indexOfKey[itemKeys[i]] = i;
    }

    public long Version { get; }
    public Model Model { get; }

    /// <summary>Placement of items that the model was not trained with; null for older models without one.</summary>
    public ItemPlacement? Placement { get; }

    /// <summary>Event weights of the training; null for older models without them.</summary>
    public EventWeights? Weights { get; }

    /// <summary>The store's key of each row.</summary>
    public int[] ItemKeys { get; }

    /// <summary>0-based row of an item, or −1 if the model does not contain it.</summary>
    public int IndexOf(int itemKey) => (uint)itemKey < (uint)_indexOfKey.Length ? _indexOfKey[itemKey] : -1;

    public static FoldInModel Decode(long version, byte[] package)
    {
        var decoded = ModelPackage.Decode(package);
        using var model = Stream(decoded.Model);
        using var placement = Stream(decoded.Placement);
        return new(
            version,
            Model.Read(model),
            decoded.ItemKeys,
            decoded.Placement.IsEmpty ? null : ItemPlacement.Read(placement),
            decoded.EventTypes.IsEmpty ? null : EventWeights.FromJson(decoded.EventTypes.Span));
    }

    private static MemoryStream Stream(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment) ? new(segment.Array!, segment.Offset, segment.Count, writable: false) : new();

    /// <summary>The user's factor from their history, or an empty array if the model contains none of its items.</summary>
    public float[] FoldIn(ReadOnlySpan<HistoryRecord> history) => FoldIn(EntriesOf(history));

    /// <summary>The scores of all items by row, or an empty array if the model contains no item of the history.</summary>
    public float[] Score(ReadOnlySpan<HistoryRecord> history)
    {
        var entries = EntriesOf(history);
        if (entries.Length == 0) return [];
        var factor = FoldIn(entries);
        var scores = new float[ItemKeys.Length];
        Model.Neighbours?.Score(entries, scores);
        var items = Model.ItemFactors.Span;
        for (int i = 0; i < scores.Length; i++) scores[i] += TensorPrimitives.Dot(factor, items.Slice(i * Model.Rank, Model.Rank));
        return scores;
    }

    private float[] FoldIn(HistoryEntry[] entries)
    {
        if (entries.Length == 0) return [];
        var factor = new float[Model.Rank];
        Model.FoldIn(entries, factor);
        return factor;
    }

    private HistoryEntry[] EntriesOf(ReadOnlySpan<HistoryRecord> history)
    {
        var entries = new HistoryEntry[history.Length];
        var times = Model.UsesPlaces ? new long[history.Length] : [];
        int n = 0;
        foreach (ref readonly var record in history)
        {
            int index = IndexOf(record.ItemKey);
            if (index < 0) continue;
            if (Model.UsesPlaces) times[n] = record.LastAtSeconds;
            entries[n++] = new(index, record.Weight, record.Target);
        }

        if (Model.UsesPlaces && n > 0) Places.Set(entries.AsSpan(0, n), times);
        return n == entries.Length ? entries : entries[..n];
    }
}
