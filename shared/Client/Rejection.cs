namespace Recommender.Client;

/// <summary>An element the server would not take.</summary>
public readonly record struct Rejection(string Id, string Field, string Error);
