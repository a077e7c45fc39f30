using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Orchestration;

/// <summary>
/// A service's health as <c>/health/ready</c> reports it. One that has not answered yet is
/// asked again for a while within one check, since the next check may be seconds away.
/// </summary>
internal sealed class ServiceHealth(ServiceInstance instance, IHttpClientFactory clients) : IHealthCheck
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(20);
    private bool _wasReady;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        long deadline = Environment.TickCount64 + (long)s_timeout.TotalMilliseconds;
        while (true)
        {
            var (status, text) = await AskAsync(cancellationToken);
            if (status != HealthStatus.Unhealthy)
            {
                // Services that wait for this one start when it answers, degraded or not.
                bool first = !_wasReady;
                _wasReady = true;
                return new HealthCheckResult(first ? HealthStatus.Healthy : status, text);
            }
            if (_wasReady || Environment.TickCount64 > deadline)
            {
                _wasReady = false;
                return HealthCheckResult.Unhealthy(text);
            }
            await Task.Delay(100, cancellationToken);
        }
    }

    private async Task<(HealthStatus Status, string? Text)> AskAsync(CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient();
        client.Timeout = TimeSpan.FromSeconds(5);
        try
        {
            using var response = await client.GetAsync(instance.Address + ProductTopology.ReadinessPath, cancellationToken);
            var report = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            string text = string.Join(" ", report.GetProperty("checks").EnumerateArray()
                .Where(check => check.GetProperty("status").GetString() != "healthy").Select(Describe));
            var status = !response.IsSuccessStatusCode ? HealthStatus.Unhealthy
                : report.GetProperty("status").GetString() == "healthy" ? HealthStatus.Healthy
                : HealthStatus.Degraded;
            return (status, text.Length == 0 ? null : text);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (HealthStatus.Unhealthy, $"{instance.Address}{ProductTopology.ReadinessPath} does not answer: {e.Message}");
        }
    }

    private static string Describe(JsonElement check)
    {
        var text = check.TryGetProperty("detail", out var detail) ? detail : check.GetProperty("status");
        return $"{check.GetProperty("name").GetString()}: {text.GetString()}";
    }
}
