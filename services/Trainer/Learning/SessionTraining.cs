using System.Diagnostics;
using Recommender.Contracts;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Models;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Trainer.Mixing;
using Recommender.Trainer.Releasing;
using Recommender.Trainer.Status;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Learning;

/// <summary>Trains the encoder of sessions of a model, and chooses the score mix by events that neither model nor encoder was trained
/// on.</summary>
public sealed class SessionTraining(
    MixDecider decider, TransitionPolicy policy, Progress progress, TrainerOptions options, ILogger<SessionTraining> logger)
{
    /// <summary>With fewer pairs no encoder is trained.</summary>
    public const int PairsAtLeast = 1_000;

    /// <summary>Few pairs are learned in more and smaller steps.</summary>
    private const int FewPairs = 200_000;

    private static readonly SessionEncoderSettings s_settings = new() { Rank = 128 };
    private static readonly SessionEncoderSettings s_settingsOfFew = s_settings with { Epochs = 8, BatchSize = 128, LearningRate = .003 };

    /// <summary>Null without transitions.</summary>
    /// <param name="train">Trains the model on the oldest events, of the number that it is called with.</param>
    /// <param name="watermark">Sequence of the newest event of the data.</param>
    public async Task<TrainedSessions?> RunAsync(TrainingData data, Func<int, Model> train, long watermark,
        CancellationToken cancellationToken)
    {
        if (policy.IsOff) return null;
        var started = Stopwatch.GetTimestamp();
        ITimedInteractions events = data;
        int cut = TimeWindows.CutOf(data, options.HoldoutShare);
        var all = Sequences(data, events.Count);
        var encoder = Train(all, TrainingStage.Training, cancellationToken);
        var older = encoder is null || cut == 0 ? null : Train(Sequences(data, cut), TrainingStage.Judging, cancellationToken);
        double encoderSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

        MixDecision? decision = null;
        started = Stopwatch.GetTimestamp();
        if (cut > 0)
        {
            long cutMs = events.TimeOf(cut - 1);
            var model = new MixedModel(new FoldInModel(0, train(cut), data.ItemKeys), older);
            started = Stopwatch.GetTimestamp();
            progress.Training = TrainingState.Epochs(TrainingStage.Judging);
            decision = await decider.DecideAsync(model, watermark, stored => stored.OccurredAtMs > cutMs, cancellationToken);
        }

        return new TrainedSessions(encoder, decision, new SessionMetrics
        {
            EncoderPairs = encoder is null ? 0 : all.PairCount,
            EncoderSeconds = encoderSeconds,
            MixSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
            Results = decision is null ? [] : [.. decision.Status.Kinds.SelectMany(kind => kind.Value.Results.Select(result =>
                new SessionResult(kind.Key, result.Key, kind.Value.Questions, result.Value.HitRateAt20, result.Value.MrrAt20)))],
        });
    }

    private SessionData Sequences(TrainingData data, int until) =>
        SessionSequences.Build(data, until, data.Items, policy.Pairs.GapMs, options.EncoderPairsLimit);

    private SessionEncoder? Train(SessionData sessions, TrainingStage stage, CancellationToken cancellationToken)
    {
        if (sessions.PairCount < PairsAtLeast)
        {
            logger.EncoderSkipped(sessions.PairCount, PairsAtLeast);
            return null;
        }

        var started = Stopwatch.GetTimestamp();
        progress.Training = TrainingState.Epochs(stage);
        var encoder = SessionEncoder.Train(sessions, sessions.PairCount < FewPairs ? s_settingsOfFew : s_settings, new SessionTrainOptions
        {
            Threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads,
            Progress = p => progress.Training = TrainingState.Epochs(stage, new TrainProgress(p.Epoch, p.Epochs)),
        }, cancellationToken);
        logger.EncoderTrained(sessions.PairCount, Stopwatch.GetElapsedTime(started).TotalSeconds);
        return encoder;
    }
}
