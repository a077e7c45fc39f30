namespace Recommender.AppHost.Publishing;

/// <param name="Path">Relative to the output folder, with slashes.</param>
internal sealed record PublishedFile(string Path, string Content);
