using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Factorization.Events;
using Recommender.Storage;
using Recommender.Storage.Insights;

namespace Recommender.Insights.Attribution;

/// <summary>
/// Which answer an event came of: the one it names, else the last one within <see cref="InsightsOptions.AttributionHours"/> in which its
/// user or session was shown the item. Only events that say something positive are outcomes: purchases are conversions, others clicks.
/// </summary>
internal sealed class OutcomeFinder(IStore store, EventWeights weights, InsightsOptions options)
{
    /// <summary>Answers to one user or session that are looked through.</summary>
    private const int AnswersLimit = 100;

    private IReadOnlyList<string> _types = [];

    /// <summary>Null for an event that came of no answer.</summary>
    public async Task<Outcome?> FindAsync(AttributionEvent e, CancellationToken cancellationToken)
    {
        if (e.TypeId >= _types.Count) _types = await store.GetEventTypesAsync(cancellationToken);
        string type = _types[e.TypeId];
        var preference = weights.Of(type, e.Value, ageDays: 0);
        if (!(preference.Weight > 0) || !(preference.Target > 0)) return null;
        bool isConversion = weights.IsPurchase(type);
        double value = isConversion && double.IsFinite(e.Value) ? e.Value : 0;
        if (RecommendationId.TryParse(e.RecommendationId, out var named))
            return new Outcome(e.Sequence, named, e.ItemKey, isConversion, value, e.AtMs);
        var shown = await LastShowingAsync(e.Subject, e, cancellationToken)
            ?? (e.SessionId is { } session && !e.Subject.IsSession
                ? await LastShowingAsync(UserRef.Session(session), e, cancellationToken) : null);
        return shown is { } id ? new Outcome(e.Sequence, id, e.ItemKey, isConversion, value, e.AtMs) : null;
    }

    private async Task<RecommendationId?> LastShowingAsync(UserRef subject, AttributionEvent e, CancellationToken cancellationToken)
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(e.AtMs);
        var answers = await store.ReadServedAsync(subject, at.AddHours(-options.AttributionHours), at, AnswersLimit, cancellationToken);
        foreach (var answer in answers)
        {
            if (answer.Kind is AnswerKind.Batch) continue;
            foreach (var item in answer.Items)
                if (item.ItemKey == e.ItemKey) return answer.Id;
        }

        return null;
    }
}
