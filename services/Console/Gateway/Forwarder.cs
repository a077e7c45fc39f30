using System.Collections.Frozen;
using System.Diagnostics;
using System.Net;
using System.Runtime.ExceptionServices;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.ServiceDiscovery;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;
using Yarp.ReverseProxy.Forwarder;

namespace Recommender.WebConsole.Gateway;

/// <summary>
/// Forwards requests to the services as they are (YARP): bodies are streamed both ways, keys are checked by the service that answers. Which
/// replica answers is decided here: the healthy one with the fewest requests under way, and another one where none of the request can have
/// arrived.
/// </summary>
internal sealed class Forwarder : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan s_probeEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_probeTimeout = TimeSpan.FromSeconds(2);

    // HTTP/2 over TLS where offered; without TLS it cannot be negotiated.
    private static readonly Version s_version = HttpVersion.Version20;
    private const HttpVersionPolicy VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
    private static readonly ForwarderRequestConfig s_config = new() { Version = s_version, VersionPolicy = VersionPolicy };

    private readonly ServiceProvider _parts;
    private readonly FrozenDictionary<string, ReplicaSet> _services;
    private readonly IHttpForwarder _forwarder;
    private readonly HttpMessageInvoker _client;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private Task _probing = Task.CompletedTask;
    private int _disposed;

    /// <exception cref="InvalidOperationException">The address of a service is not configured.</exception>
    public Forwarder(IConfiguration configuration, ILogger<Forwarder> logger)
    {
        _logger = logger;
        // A container of its own: its parts log every request with its target, which holds personal ids, and every failure, which is logged
        // below.
        _parts = new ServiceCollection().AddLogging().AddSingleton(configuration).AddServiceDiscovery().AddHttpForwarder()
            .BuildServiceProvider();
        _forwarder = _parts.GetRequiredService<IHttpForwarder>();
        var resolver = _parts.GetRequiredService<ServiceEndpointResolver>();
        _services = Operations.All.Select(operation => operation.Service).Distinct()
            .ToFrozenDictionary(name => name, name => new ReplicaSet(name, configuration, resolver));
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(3),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            // A service's address may move to another machine.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // As the server has read them.
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
        });
    }

    /// <summary>Starts to probe whether the replicas of services that have several are ready.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _probing = Task.WhenAll(_services.Values.Select(ProbeAsync));
        return Task.CompletedTask;
    }

    /// <summary>Does nothing, because pending requests are still forwarded. Disposal ends the probes.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <exception cref="ProblemException">The service cannot be reached or did not finish its answer.</exception>
    public async Task ForwardAsync(HttpContext context, string service)
    {
        if (context.IsHead()) context.Request.Method = HttpMethods.Head;
        if (RequestReading.IsJson(context.Request.ContentType))
            context.Request.Body = new LimitedBody(context.Request.Body, Limits.BodyBytes);
        // Only HTTP is spoken behind the gateway.
        context.Request.Headers.Remove("Upgrade");
        var set = _services[service];
        var replicas = await set.ListAsync(context.RequestAborted);
        var forwarding = new ForwardedRequest(context.Response);
        var tried = new List<Replica>();
        while (set.Choose(replicas, tried) is { } replica)
        {
            tried.Add(replica);
            replica.Begin();
            try
            {
                var error = await _forwarder.SendAsync(context, replica.Prefix, _client, s_config, forwarding);
                if (error == ForwarderError.None || forwarding.HasAnswer(context)) return;
                context.RequestAborted.ThrowIfCancellationRequested();
            }
            finally
            {
                replica.End();
            }

            var failure = Failure.Of(context.GetForwarderErrorFeature()!);
            forwarding.Reset(context);
            if (failure.Caller is { } caller) ExceptionDispatchInfo.Throw(caller);
            if (failure.IsUntouched && replica.SetHealthy(false) && replicas.Count > 1)
                LogUnhealthy(service, replica, failure.Reason);
            // What changes something is tried again only where it is certain that the service has seen nothing of it.
            bool isHarmless = (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
                && !HasBody(context);
            if ((failure.IsUntouched || isHarmless) && tried.Count < replicas.Count) continue;
            _logger.ServiceFailed(service, failure.Reason);
            if (failure.IsUntouched) break;
            throw new ProblemException(failure.IsTimeout ? TooSlow(service) : BrokenOff(service));
        }

        throw new ProblemException(Unreachable(service));
    }

    public async ValueTask DisposeAsync()
    {
        // The container owns it as itself and as a hosted service.
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _stop.CancelAsync();
        await _probing;
        _client.Dispose();
        await _parts.DisposeAsync();
        _stop.Dispose();
    }

    private static bool HasBody(HttpContext context) => context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    private static Problem Unreachable(string service) =>
        Problem.Unavailable($"The service {service} cannot be reached. Nothing was done; try again shortly.");

    private static Problem TooSlow(string service) => new()
    {
        Type = Problem.TypeOf("gateway-timeout"),
        Title = "A service did not answer in time",
        Status = StatusCodes.Status504GatewayTimeout,
        Detail = $"The service {service} did not answer in time. The request may have taken effect; repeat it with the same ids.",
        RetryAfterSeconds = 1,
    };

    private static Problem BrokenOff(string service) => new()
    {
        Type = Problem.TypeOf("bad-gateway"),
        Title = "A service broke off",
        Status = StatusCodes.Status502BadGateway,
        Detail = $"The service {service} broke off while answering. The request may have taken effect; repeat it with the same ids.",
        RetryAfterSeconds = 1,
    };

    private async Task ProbeAsync(ReplicaSet set)
    {
        using var timer = new PeriodicTimer(s_probeEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                var replicas = await set.ListAsync(_stop.Token);
                if (replicas.Count > 1) await Task.WhenAll(replicas.Select(replica => ProbeAsync(set.Service, replica)));
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The gateway stops.
        }
    }

    private async Task ProbeAsync(string service, Replica replica)
    {
        string? problem = null;
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            timeout.CancelAfter(s_probeTimeout);
            string address = replica.Prefix + "/health/ready";
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Version = s_version, VersionPolicy = VersionPolicy };
            using var response = await _client.SendAsync(request, timeout.Token);
            if (!response.IsSuccessStatusCode) problem = $"it is not ready ({(int)response.StatusCode})";
        }
        catch (HttpRequestException e)
        {
            problem = e.Message;
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            problem = "it did not answer in time";
        }

        if (!replica.SetHealthy(problem is null)) return;
        if (problem is null) _logger.ReplicaReturned(service, replica.Prefix);
        else LogUnhealthy(service, replica, problem);
    }

    private void LogUnhealthy(string service, Replica replica, string reason) =>
        _logger.ReplicaLost(service, replica.Prefix, reason);

    /// <param name="Caller">What the caller did wrong; null where it was not the caller.</param>
    /// <param name="IsUntouched">No connection was made, so the service has seen nothing of the request.</param>
    private sealed record Failure(Exception? Caller, bool IsUntouched, bool IsTimeout, string Reason)
    {
        public static Failure Of(IForwarderErrorFeature error)
        {
            Exception[] all = error.Exception is AggregateException several ? [.. several.InnerExceptions] : [error.Exception!];
            var caller = error.Error is ForwarderError.RequestBodyClient ? all.FirstOrDefault(RequestReading.IsBrokenBody) ?? all[0] : null;
            // The time for making a connection ends with an inner exception, that for answering without one.
            bool isUntouched = all is [HttpRequestException { HttpRequestError: var cause }]
                ? cause is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError
                : all is [OperationCanceledException { InnerException: TimeoutException }];
            return new Failure(caller, isUntouched, error.Error is ForwarderError.RequestTimedOut, all[0].Message);
        }
    }
}
