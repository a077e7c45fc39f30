namespace Recommender.Trainer.Control;

/// <summary>Asks one of the Trainers for a training. Answered by <see cref="TrainingRequested"/>.</summary>
public sealed record RequestTraining;
