namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>Everything a training run has after an epoch besides its sessions and settings.</summary>
/// <param name="Epoch">Complete epochs.</param>
/// <param name="Vectors">Item vectors with both moments of Adam, three times <c>items × rank</c>.</param>
/// <param name="Positions">Position weights with both moments of Adam, three times <c>history length × rank</c>.</param>
public sealed record SessionEncoderCheckpoint(int Epoch, float[][] Vectors, float[][] Positions);
