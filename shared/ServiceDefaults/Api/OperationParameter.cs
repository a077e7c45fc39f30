namespace Recommender.ServiceDefaults.Api;

/// <summary>A parameter of an operation, outside its body.</summary>
public sealed record OperationParameter(string Name, ParameterKind Kind, string Description)
{
    public ParameterPlace Place { get; init; } = ParameterPlace.Query;

    /// <summary>Whether it is required. Path parameters always are.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether the query may have it several times.</summary>
    public bool Repeats { get; init; }

    public double? Minimum { get; init; }
    public double? Maximum { get; init; }

    /// <summary>Example of the value, as in a request.</summary>
    public string? Example { get; init; }

    internal static OperationParameter ItemId { get; } =
        new("itemId", ParameterKind.Text, "External id of the item, percent-encoded. The ids '.' and '..' are not valid in a path.")
        {
            Place = ParameterPlace.Path,
            Example = "85123A",
        };

    internal static OperationParameter UserId { get; } =
        new("userId", ParameterKind.Text, "External id of the user, percent-encoded. The ids '.' and '..' are not valid in a path.")
        {
            Place = ParameterPlace.Path,
            Example = "17850",
        };

    /// <summary>The same id as a query parameter, for ids that are not valid in a path.</summary>
    internal static OperationParameter InQuery(OperationParameter id) => id with
    {
        Description = "External id, percent-encoded. Any id is valid here.",
        Place = ParameterPlace.Query,
        IsRequired = true,
    };
}
