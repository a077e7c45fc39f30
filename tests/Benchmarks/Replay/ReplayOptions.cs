namespace Recommender.Benchmarks.Replay;

/// <param name="Mode">servers or embedded.</param>
/// <param name="WarmHours">Hours from the first click that are only learned from.</param>
/// <param name="Hours">Hours after them that are asked about.</param>
/// <param name="Ask">Questions at most, a random sample.</param>
/// <param name="RetrainHours">Event time between trainings.</param>
/// <param name="PauseMs">Milliseconds from the last event to the question.</param>
/// <param name="Repeats">Whether items of the session itself are asked for and allowed.</param>
internal sealed record ReplayOptions(string Mode, double WarmHours, double Hours, int Ask, double RetrainHours, bool Repeats,
    int PauseMs, int Seed);
