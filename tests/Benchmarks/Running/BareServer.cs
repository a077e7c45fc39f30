using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Recommender.Benchmarks.Running;

/// <summary>
/// The floor of <c>serve</c>: a web server that answers every user with the same few bytes. It is no benchmark; <c>serve</c> starts it as
/// a process of its own.
/// </summary>
internal static class BareServer
{
    public const string CommandName = "bare";

    public static Command CreateCommand()
    {
        var command = new Command(CommandName, "A bare Kestrel endpoint at ASPNETCORE_URLS, started by serve.") { Hidden = true };
        command.SetAction(async (_, cancellation) =>
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
            var app = builder.Build();
            app.MapGet("/health/live", Answer);
            app.MapGet("/v1/users/{userId}/recommendations", Answer);
            await app.StartAsync(cancellation);
            await app.WaitForShutdownAsync(cancellation);
            return 0;
        });
        return command;
    }

    private static Task Answer(HttpContext context)
    {
        var body = "{\"items\":[]}"u8;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        body.CopyTo(context.Response.BodyWriter.GetSpan(body.Length));
        context.Response.BodyWriter.Advance(body.Length);
        return Task.CompletedTask;
    }
}
