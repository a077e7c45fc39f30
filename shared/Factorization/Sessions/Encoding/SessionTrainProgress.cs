namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>State of a training run after an epoch.</summary>
/// <param name="Epoch">1-based.</param>
/// <param name="Epochs">Epochs in total.</param>
/// <param name="Loss">Mean cross-entropy of the epoch's pairs, in nats, against the sampled candidates.</param>
/// <param name="Checkpoint">Copies what is needed to resume after this epoch.</param>
/// <param name="Model">Copies the model so far.</param>
public readonly record struct SessionTrainProgress(
    int Epoch, int Epochs, double Loss, Func<SessionEncoderCheckpoint> Checkpoint, Func<SessionEncoder> Model);
