namespace Recommender.Factorization.Learners;

/// <param name="Epoch">1-based.</param>
public readonly record struct TrainProgress(int Epoch, int Epochs);
