namespace Recommender.Standalone.Demo;

/// <summary>How far the loading of the demonstration is.</summary>
public sealed record DemoProgress(int Items, int Events, int EventsTotal);
