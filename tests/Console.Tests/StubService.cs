using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Recommender.LocalServers;
using Xunit;

namespace Recommender.WebConsole.Tests;

/// <summary>A service behind the gateway. It runs the action of a test and answers with its name, the method and the target.</summary>
internal sealed class StubService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubService(WebApplication app, string name, string address) => (_app, Name, Address) = (app, name, address);

    public string Name { get; }

    public string Address { get; }

    /// <summary>Requests answered, without probes.</summary>
    public int Answered { get; private set; }

    /// <summary>Headers of the newest request.</summary>
    public IReadOnlyDictionary<string, StringValues> Headers { get; private set; } = new Dictionary<string, StringValues>();

    public bool IsReady { get; set; } = true;

    /// <summary>Answers a request in place of the usual answer.</summary>
    public Func<HttpContext, Task>? Answer { get; set; }

    public static async Task<StubService> StartAsync(string name)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        string address = $"http://127.0.0.1:{Ports.Free()}";
        builder.WebHost.UseUrls(address);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var stub = new StubService(app, name, address);
        app.Run(stub.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return stub;
    }

    public Task StopAsync() => _app.StopAsync(new CancellationToken(canceled: true));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == "/health/ready")
        {
            context.Response.StatusCode = IsReady ? 200 : 503;
            return;
        }

        Headers = context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase);
        Answered++;
        if (Answer is not null)
        {
            await Answer(context);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        string target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        byte[] answer = Encoding.UTF8.GetBytes($"{Name} {context.Request.Method} {target} {body.Length}");
        context.Response.ContentLength = answer.Length;
        await context.Response.Body.WriteAsync(answer);
    }
}
