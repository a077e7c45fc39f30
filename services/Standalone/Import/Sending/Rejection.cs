namespace Recommender.Standalone.Import.Sending;

/// <summary>An element the server would not take.</summary>
internal readonly record struct Rejection(string Id, string Field, string Error);
