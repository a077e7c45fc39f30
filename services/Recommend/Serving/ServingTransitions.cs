using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Recommend.Serving;

/// <summary>Transition rows by item key, and how they count in scores.</summary>
/// <param name="Rows">Follows the factor store row by row while it is read.</param>
internal sealed record ServingTransitions(TransitionTable Rows, ScoreMix Mix);
