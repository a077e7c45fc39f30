using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Content;

/// <summary>
/// Computes factors of items that a model was not trained with, from their content and their m consumers: <c>(m·folded in + 3·from content)
/// / (m + 3)</c>. Learned and stored with the model. Immutable.
/// </summary>
public sealed class ItemPlacement
{
    /// <summary>Maximum number of consumers used: with more, content no longer matters, and further consumers change little.</summary>
    public const int MaxConsumers = 100;

    private const string Name = "placement";

    private readonly ItemFolding _folding;
    private readonly ContentMap? _map;

    private ItemPlacement(ItemFolding folding, ContentMap? map) => (this._folding, this._map) = (folding, map);

    public int Rank => _folding.Rank;

    /// <param name="matrix">Training data of the model.</param>
    /// <param name="content">Content of the model's items; null: new items are placed by their events only.</param>
    public static ItemPlacement Learn(Model model, InteractionMatrix matrix, ItemContent? content, int threads = 1,
        CancellationToken cancellation = default)
    {
        var map = content is null ? null : ContentFactors.Map(model, content, ContentFactors.EventsOf(matrix), threads, cancellation);
        return new ItemPlacement(ItemFolding.Of(model, matrix, threads, cancellation), map);
    }

    /// <param name="text">Content of the item; null if it has none.</param>
    /// <param name="consumers">Factors of the users who consumed the item, <c>n × rank</c>.</param>
    /// <param name="preferences">Preference of each consumer.</param>
    /// <param name="factor">Receives <see cref="Rank"/> numbers.</param>
    /// <returns>False without known content and consumers; the factor is then zero.</returns>
    public bool Place(ItemText? text, ReadOnlySpan<float> consumers, ReadOnlySpan<Preference> preferences, Span<float> factor)
    {
        factor.Clear();
        bool hasContent = text is not null && _map is not null && _map.Place(text, factor);
        if (preferences.IsEmpty) return hasContent;
        var folded = new float[Rank];
        _folding.FoldIn(consumers, preferences, folded);
        float own = hasContent ? ContentFactors.OwnShare(preferences.Length) : 1;
        for (int k = 0; k < factor.Length; k++) factor[k] = own * folded[k] + (1 - own) * factor[k];
        return true;
    }

    /// <summary>Writes the placement; <see cref="Read"/> restores it.</summary>
    public void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        _folding.Write(writer);
        writer.Integer(_map is null ? 0 : 1);
        _map?.Write(writer);
        writer.End();
    }

    /// <exception cref="InvalidDataException">Not a placement, of a newer format, or truncated.</exception>
    public static ItemPlacement Read(Stream stream)
    {
        var reader = ModelFormat.Open(stream, out string name);
        if (name != Name) throw new InvalidDataException($"This is no placement but '{name}'.");
        var folding = ItemFolding.Read(reader);
        var map = reader.Integer(0, 1) == 1 ? ContentMap.Read(reader, folding.Rank) : null;
        ModelFormat.Close(reader);
        return new ItemPlacement(folding, map);
    }
}
