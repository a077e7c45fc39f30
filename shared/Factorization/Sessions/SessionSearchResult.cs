using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Sessions;

/// <summary>What a search found.</summary>
/// <param name="Settings">The best settings.</param>
/// <param name="Model">Trained with them on the sessions of the search.</param>
/// <param name="Encoder">The encoder alone on the validation cases.</param>
/// <param name="Rules">Transitions alone.</param>
/// <param name="Neighbours">Neighbours alone.</param>
/// <param name="Blend">All together.</param>
public sealed record SessionSearchResult(
    SessionModelSettings Settings, SessionModel Model, NextItemResult Encoder, NextItemResult Rules, NextItemResult Neighbours,
    NextItemResult Blend);
