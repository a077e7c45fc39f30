namespace Recommender.Trainer.Learning;

/// <summary>What training is doing.</summary>
public enum TrainingStage
{
    Idle,
    ReadingEvents,

    /// <summary>Training on the older events and comparing lists on the newest.</summary>
    Judging,

    /// <summary>Training on all events.</summary>
    Training,

    /// <summary>Registering the model, releasing it and removing old ones.</summary>
    Saving,

    /// <summary>Searching for settings.</summary>
    Tuning,

    /// <summary>The last training ended with an error. The next one starts by the same conditions as ever.</summary>
    Failed,
}
