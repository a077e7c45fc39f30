namespace Recommender.FactorStore.Transitions;

public sealed record TransitionChanges
{
    /// <summary>Null while the rows are not complete.</summary>
    public required string? Generation { get; init; }

    /// <summary>In order of their last change.</summary>
    public required IReadOnlyList<TransitionRowRecord> Rows { get; init; }

    /// <summary>The position to pass as <c>afterPosition</c> next time.</summary>
    public required long Position { get; init; }

    /// <summary>The score mix in force; null: there is none.</summary>
    public byte[]? Mix { get; init; }

    /// <summary>More changes wait behind <see cref="Position"/>.</summary>
    public required bool More { get; init; }
}
