namespace Recommender.Trainer.Learning;

/// <summary>Stage of a training.</summary>
public enum TrainingStage
{
    Idle,
    ReadingEvents,

    /// <summary>Training on the older events and evaluating on the newest.</summary>
    Judging,

    /// <summary>Training on all events.</summary>
    Training,

    /// <summary>Registering the model, releasing it and removing old ones.</summary>
    Saving,

    /// <summary>Searching for settings.</summary>
    Tuning,

    /// <summary>The last training failed. The next one starts by the usual conditions.</summary>
    Failed,
}
