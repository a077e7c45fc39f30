using Recommender.Contracts;
using Recommender.Factorization.Sessions.Mixing;

namespace Recommender.Trainer.Mixing;

/// <summary>A score mix and how it was decided.</summary>
public sealed record MixDecision(ScoreMix Mix, ScoreMixStatus Status);
