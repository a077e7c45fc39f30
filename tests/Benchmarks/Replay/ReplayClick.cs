namespace Recommender.Benchmarks.Replay;

/// <summary>One timed event of a replay.</summary>
/// <param name="TimeMs">Milliseconds since 1970.</param>
/// <param name="Session">Number of the session; sessions are numbered by their first event.</param>
/// <param name="Item">Number of the item; items are numbered by their first event.</param>
/// <param name="Type">Event type as the product knows it.</param>
internal readonly record struct ReplayClick(long TimeMs, int Session, int Item, string Type, double? Value);
