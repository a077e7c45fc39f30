namespace Recommender.ServiceDefaults.Api;

/// <summary>
/// One operation of the HTTP API: its request, its answers and the service that implements it. Services map it, the gateway forwards it and
/// OpenAPI describes it by this record.
/// </summary>
public sealed record Operation
{
    /// <summary>Unique verb phrase in PascalCase. Client generators use it as the name of the method.</summary>
    public required string Id { get; init; }

    /// <summary>HTTP method in capitals.</summary>
    public required string Method { get; init; }

    /// <summary>ASP.NET route pattern.</summary>
    public required string Pattern { get; init; }

    /// <summary>Name of the service in service discovery.</summary>
    public required string Service { get; init; }

    /// <summary>One of <see cref="Keys.Scopes"/>; <c>admin</c> includes all operations.</summary>
    public required string Scope { get; init; }

    /// <summary>Group of operations in the document; one of <see cref="Operations.Tags"/>.</summary>
    public required string Tag { get; init; }

    public required string Summary { get; init; }

    /// <summary>Markdown.</summary>
    public string? Description { get; init; }

    public IReadOnlyList<OperationParameter> Parameters { get; init; } = [];
    public OperationBody? Body { get; init; }

    /// <summary>Successful answers, the usual one first.</summary>
    public required IReadOnlyList<OperationAnswer> Answers { get; init; }

    /// <summary>Statuses of problems, in addition to those of every operation (<see cref="ApiProblems.StatusesOf"/>).</summary>
    public IReadOnlyList<int> Problems { get; init; } = [];

    /// <summary>The pattern without constraints, as OpenAPI shows it.</summary>
    public string Path => Pattern.Replace(":long}", "}", StringComparison.Ordinal);

    public override string ToString() => $"{Method} {Path}";
}
