namespace Recommender.Factorization.Learners;

/// <param name="Epoch">Number of the completed epoch, from 1.</param>
public readonly record struct TrainProgress(int Epoch, int Epochs);
