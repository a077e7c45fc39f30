using Microsoft.Extensions.DependencyInjection;

namespace Recommender.ServiceDefaults.Workers;

public static class WorkerExtensions
{
    /// <summary>Registers a worker as a singleton and a hosted service, and adds its health to readiness.</summary>
    /// <param name="check">Name of the check in <c>/health/ready</c>.</param>
    public static IServiceCollection AddWorker<T>(this IServiceCollection services, string check)
        where T : RepeatingWorker
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
        services.AddHealthChecks().AddCheck<T>(check);
        return services;
    }
}
