namespace Recommender.Client;

/// <summary>An element that the server rejected.</summary>
public readonly record struct Rejection(string Id, string Field, string Error);
