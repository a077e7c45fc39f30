namespace Recommender.Factorization.Sessions.Transitions;

/// <summary>What one item of a history adds to the scores of the items that follow it.</summary>
public readonly struct TransitionScores
{
    private readonly TransitionRow? _row;
    private readonly float _factor;

    internal TransitionScores(TransitionRow row, float factor) => (_row, _factor, Count) = (row, factor, row.Count);

    public int Count { get; }

    /// <summary>The entry at a place, 0 to <see cref="Count"/> − 1: an item and what is added to its score, 0 or more.</summary>
    public TransitionEntry this[int place]
    {
        get
        {
            var entry = _row![place];
            return entry with { Weight = _factor * entry.Weight };
        }
    }

    /// <summary>The sum of what all items would get without evictions.</summary>
    public float Sum => _row is null ? 0 : _factor * _row.Total;

    /// <summary>What is added to the score of an item; 0 for items that are not among the entries.</summary>
    public float Of(int item) => _row is null ? 0 : _factor * _row.WeightOf(item);
}
