namespace Recommender.Standalone;

/// <summary>How to run everything in one process.</summary>
/// <param name="DataDirectory">Folder of everything that is kept. Created when absent.</param>
/// <param name="Port">Port on the loopback address, 0 to 65535; 0 takes a free one.</param>
/// <param name="Demo">Whether an empty data folder gets the demonstration catalogue.</param>
public sealed record StandaloneOptions(string DataDirectory, int Port, bool Demo);
