namespace Recommender.Cli.Import;

/// <summary>A row that is left out.</summary>
internal readonly record struct BadRow(string File, long Line, string Reason);
