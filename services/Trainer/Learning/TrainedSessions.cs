using Recommender.Contracts;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Trainer.Mixing;

namespace Recommender.Trainer.Learning;

/// <param name="Encoder">Null: there were too few pairs.</param>
/// <param name="Decision">Null: there were too few questions.</param>
public sealed record TrainedSessions(SessionEncoder? Encoder, MixDecision? Decision, SessionMetrics Metrics);
