using Recommender.Factorization.Sessions.Baskets;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Recommend.Serving;

/// <summary>Transition rows by item key, what happened recently, and how both count in scores.</summary>
/// <param name="rows">Follows the factor store row by row while it is read.</param>
/// <param name="recent">Counts of recent events, as <see cref="RecentItems.Of"/> takes them; read here alone.</param>
/// <param name="baskets">What was bought together; follows the factor store like <paramref name="rows"/>.</param>
internal sealed class ServingTransitions(TransitionTable rows, ScoreMix mix, IReadOnlyList<TransitionTable> recent,
    TransitionTable baskets)
{
    private readonly RecentItems _known = RecentItems.Of(recent, mix.Known), _anonymous = RecentItems.Of(recent, mix.Anonymous),
        _mixed = RecentItems.Of(recent, mix.Mixed);

    public TransitionTable Rows => rows;

    /// <summary>Scores of items that were bought together, by item keys.</summary>
    public BasketRanking Together { get; } = new(baskets, new BasketSettings());

    public ScoreMix Mix => mix;

    public RecentItems RecentFor(RequestKind kind) => kind switch
    {
        RequestKind.Known => _known,
        RequestKind.Anonymous => _anonymous,
        _ => _mixed,
    };
}
