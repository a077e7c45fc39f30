namespace Recommender.Cli.Import.Sending;

/// <summary>How far an import has got: everything before these positions was answered by the server.</summary>
internal sealed record Position(long Items, long Events);
