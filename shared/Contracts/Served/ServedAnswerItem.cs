namespace Recommender.Contracts.Served;

/// <summary>An item of an answer that was returned.</summary>
public sealed record ServedAnswerItem
{
    /// <summary>Id of the item.</summary>
    public required string ItemId { get; init; }

    /// <summary>Present title of the item, if it has one.</summary>
    public string? Title { get; init; }

    /// <summary>Score as in the answer.</summary>
    public required double Score { get; init; }
}
