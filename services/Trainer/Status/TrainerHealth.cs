using Microsoft.Extensions.Diagnostics.HealthChecks;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Status;

/// <summary>Degraded while store or factor store cannot be reached: events wait on the broker, nothing is lost, answers grow old.</summary>
public sealed class TrainerHealth(Reconciler reconciler) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(reconciler.Problem is { } problem ? HealthCheckResult.Degraded(problem) : HealthCheckResult.Healthy());
}
