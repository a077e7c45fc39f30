namespace Recommender.Trainer.Control;

/// <summary>Requests a training from one of the Trainers. Answered by <see cref="TrainingRequested"/>.</summary>
public sealed record RequestTraining;
