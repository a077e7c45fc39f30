using System.Globalization;
using Recommender.Factorization.Learners;

namespace Recommender.Trainer.Learning;

/// <summary>Stage and progress of training.</summary>
public sealed record TrainingState
{
    private TrainingState(TrainingStage stage) => Stage = stage;

    public static TrainingState Idle { get; } = new(TrainingStage.Idle);

    public static TrainingState ReadingEvents { get; } = new(TrainingStage.ReadingEvents);

    public static TrainingState Saving { get; } = new(TrainingStage.Saving);

    public TrainingStage Stage { get; }

    /// <summary>Number of completed epochs or trials.</summary>
    public int Done { get; private init; }

    /// <summary>Total number of epochs; 0 if unknown.</summary>
    public int Total { get; private init; }

    /// <summary>Best NDCG@20 of a running search.</summary>
    public double? BestNdcg { get; private init; }

    /// <summary>Why the training failed.</summary>
    public string? Problem { get; private init; }

    /// <summary>Progress, 0..1; null if the total is unknown.</summary>
    public double? Share => Total > 0 ? (double)Done / Total : null;

    /// <summary>A model of this stage is being trained: <see cref="TrainingStage.Judging"/> or
    /// <see cref="TrainingStage.Training"/>.</summary>
    public static TrainingState Epochs(TrainingStage stage, TrainProgress? progress = null) =>
        new(stage) { Done = progress?.Epoch ?? 0, Total = progress?.Epochs ?? 0 };

    public static TrainingState Tuning(int trials, double? bestNdcg) => new(TrainingStage.Tuning) { Done = trials, BestNdcg = bestNdcg };

    public static TrainingState Failed(string problem) => new(TrainingStage.Failed) { Problem = problem };

    /// <summary>As <c>GET /v1/status</c> shows it.</summary>
    public override string ToString() => Stage switch
    {
        TrainingStage.Idle => "idle",
        TrainingStage.ReadingEvents => "reading events",
        TrainingStage.Judging => "judging" + EpochText(),
        TrainingStage.Training => "training" + EpochText(),
        TrainingStage.Saving => "saving",
        TrainingStage.Tuning => string.Create(CultureInfo.InvariantCulture, $"tuning, trial {Done}, best NDCG@20 {BestNdcg:0.0000}"),
        TrainingStage.Failed => $"failed: {Problem}",
        _ => throw new InvalidOperationException($"Stage {Stage} has no text."),
    };

    private string EpochText() => Total > 0 ? string.Create(CultureInfo.InvariantCulture, $", epoch {Done} of {Total}") : "";
}
