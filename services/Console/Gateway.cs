using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Runtime.ExceptionServices;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Recommender.Contracts;
using Recommender.ServiceDefaults;

namespace Recommender.WebConsole;

/// <summary>Forwards requests to the services as they are: bodies are streamed both ways, keys are checked by the service that answers.</summary>
internal sealed class Gateway(IReadOnlyDictionary<string, ServiceAddresses> services, ILogger logger) : IDisposable
{
    // Meant for one connection (RFC 9110, 7.6.1), or set anew on the other side.
    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Host", "Content-Length", "traceparent", "tracestate", "Expect",
    };

    // Such a body is in the service's receive buffer before anything could be answered.
    private const int ShortBodyBytes = 64 * 1024;

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(3),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        // A service's address may move to another machine.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        // As the server has read them.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        ActivityHeadersPropagator = DistributedContextPropagator.CreateDefaultPropagator(),
    });

    public async Task ForwardAsync(HttpContext context, string service)
    {
        var addresses = services[service];
        bool hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? false;
        HttpResponseMessage? response = null;
        for (int attempt = 0; response is null; attempt++)
        {
            using var request = CreateRequest(context, addresses.Next(), hasBody);
            try
            {
                response = await _client.SendAsync(request, context.RequestAborted);
            }
            catch (HttpRequestException e) when (RequestReading.IsBrokenBody(e.InnerException))
            {
                // It was the caller who broke off, not the service.
                ExceptionDispatchInfo.Throw(e.InnerException!);
            }
            catch (HttpRequestException e) when (!context.RequestAborted.IsCancellationRequested)
            {
                // Only where no connection was made is it certain that the service has seen nothing, so only then another replica is asked.
                bool untouched = e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError;
                if (untouched && attempt + 1 < addresses.Count) continue;
                logger.LogWarning("{Service} did not answer: {Reason}", service, e.Message);
                throw new ProblemException(untouched ? Unreachable(service) : BrokenOff(service));
            }
            catch (OperationCanceledException e) when (!context.RequestAborted.IsCancellationRequested)
            {
                // Not the caller's doing: the connection was not made in time.
                if (attempt + 1 < addresses.Count) continue;
                logger.LogWarning("{Service} did not answer: {Reason}", service, e.Message);
                throw new ProblemException(Unreachable(service));
            }
        }

        using (response)
        {
            context.Response.StatusCode = (int)response.StatusCode;
            Copy(response.Headers, context.Response.Headers);
            Copy(response.Content.Headers, context.Response.Headers);
            if (response.Content.Headers.ContentLength is { } length) context.Response.ContentLength = length;
            if (HttpMethods.IsHead(context.Request.Method) || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified) return;
            try
            {
                await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
            }
            catch (HttpRequestException e) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
            {
                logger.LogWarning("{Service} did not finish its answer: {Reason}", service, e.Message);
                context.Response.ContentLength = null;
                throw new ProblemException(BrokenOff(service));
            }
        }
    }

    public void Dispose() => _client.Dispose();

    private static Problem Unreachable(string service) => Problem.Unavailable($"The service {service} cannot be reached. Nothing was done; try again shortly.");

    private static Problem BrokenOff(string service) => new()
    {
        Type = Problem.TypeOf("bad-gateway"),
        Title = "A service broke off",
        Status = StatusCodes.Status502BadGateway,
        Detail = $"The service {service} broke off while answering. It may have done what was asked: repeat it with the same ids.",
        RetryAfterSeconds = 1,
    };

    private static HttpRequestMessage CreateRequest(HttpContext context, Uri address, bool hasBody)
    {
        // The target as it came: an id may hold %2F or %2E%2E, which must not be read as a path.
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/')) target = context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent();
        var uri = new Uri(address.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), uri) { Version = HttpVersion.Version11 };
        if (hasBody)
        {
            request.Content = RequestReading.IsJson(context.Request.ContentType) ? new ShortContent(context.Request.Body) : new StreamContent(context.Request.Body);
            request.Content.Headers.ContentLength = context.Request.ContentLength;
            // A service that refuses a long body by its headers says so before it is sent; while it is being sent nobody would listen.
            request.Headers.ExpectContinue = context.Request.ContentLength is null or > ShortBodyBytes;
        }
        foreach (var (name, values) in context.Request.Headers)
        {
            if (OwnHeaders.Contains(name)) continue;
            if (!request.Headers.TryAddWithoutValidation(name, values.AsEnumerable())) request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
        return request;
    }

    private static void Copy(System.Net.Http.Headers.HttpHeaders from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from.NonValidated)
        {
            if (!OwnHeaders.Contains(name)) to[name] = values.Count == 1 ? values.ToString() : values.ToArray();
        }
    }
}

/// <summary>
/// A body that no service reads beyond <see cref="Limits.BodyBytes"/>. The refusal of a body is heard only once the body is sent, which may take as
/// long as its sender likes; so one that is too long ends here as well.
/// </summary>
internal sealed class ShortContent(Stream body) : HttpContent
{
    /// <exception cref="BadHttpRequestException">The body is too long.</exception>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            for (long sent = 0; (read = await body.ReadAsync(buffer, cancellationToken)) > 0; sent += read)
            {
                if (sent + read > Limits.BodyBytes) throw new BadHttpRequestException("The body is too long.", StatusCodes.Status413PayloadTooLarge);
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <summary>Known where the request says it, see <see cref="System.Net.Http.Headers.HttpContentHeaders.ContentLength"/>.</summary>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>The addresses of a service's replicas, used in turn.</summary>
internal sealed class ServiceAddresses(IReadOnlyList<Uri> addresses)
{
    private uint _next;

    public int Count => addresses.Count;

    public Uri Next() => addresses[(int)(Interlocked.Increment(ref _next) % (uint)addresses.Count)];

    /// <summary>Reads <c>services:NAME:http:0</c>, <c>:1</c>, … (environment: <c>services__NAME__http__0</c>); https addresses are taken where there are no http ones.</summary>
    /// <exception cref="InvalidOperationException">There is none, or one is no absolute http address.</exception>
    public static ServiceAddresses Read(IConfiguration configuration, string name)
    {
        var section = configuration.GetSection($"services:{name}");
        var texts = section.GetSection("http").GetChildren().Concat(section.GetSection("https").GetChildren()).Select(entry => entry.Value).ToList();
        if (texts.Count == 0) throw new InvalidOperationException($"services:{name}:http:0 is not set: give the address of the service, as in services__{name}__http__0=http://127.0.0.1:8081.");
        return new ServiceAddresses([.. texts.Select(text => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new InvalidOperationException($"services:{name} has the address '{text}', which is no http address such as http://127.0.0.1:8081."))]);
    }
}
