using Polly.Registry;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage.Served;

namespace Recommender.Insights.Recording;

/// <summary>Removes the answers of days beyond <see cref="InsightsOptions.AnswerRetentionDays"/>.</summary>
internal sealed class AnswerRetention(IServedStore store, InsightsOptions options, ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock, ILogger<AnswerRetention> logger) : RepeatingWorker("Removal of old answers", pipelines, clock, logger)
{
    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        var before = new DateTimeOffset(Clock.GetUtcNow().UtcDateTime.Date.AddDays(-options.AnswerRetentionDays), TimeSpan.Zero);
        int days = await store.RemoveServedBeforeAsync(before, cancellationToken);
        if (days > 0) logger.AnswersRemoved(days, before);
        return TimeSpan.FromHours(1);
    }
}
