using Microsoft.AspNetCore.Http;
using Xunit;

namespace Recommender.Cli.Tests;

public sealed class ExportTests
{
    [Theory]
    [InlineData("ann")]
    [InlineData("a/b?c=d&e ü")]
    [InlineData("..")]
    public async Task Writes_the_answer_of_the_server_whatever_the_id(string user)
    {
        await using var server = await StubServer.StartAsync();
        string? asked = null;
        server.Intercept = async (_, context) =>
        {
            asked = context.Request.Path == "/v1/users/export" ? context.Request.Query["userId"].ToString() : null;
            await context.Response.WriteAsync("""{"userId":"x"}""");
            return true;
        };

        Assert.Equal((0, """{"userId":"x"}""", ""), await RunAsync("export", user, "--from", server.Address));
        Assert.Equal(user, asked);
    }

    [Fact]
    public async Task An_answer_that_is_an_error_or_none_is_one_line()
    {
        await using var server = await StubServer.StartAsync();
        server.Intercept = async (_, context) =>
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("""{"detail":"Nothing is held on this user."}""");
            return true;
        };
        var (code, output, error) = await RunAsync("export", "ann", "--from", server.Address);
        Assert.Equal((1, ""), (code, output));
        Assert.EndsWith("404 Not Found: Nothing is held on this user.", error, StringComparison.Ordinal);

        string address = server.Address;
        await server.DisposeAsync();
        (code, output, error) = await RunAsync("export", "ann", "--from", address);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("could not be reached", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);

        (code, _, error) = await RunAsync("export", "ann", "--from", "nowhere");
        Assert.Equal(2, code);
        Assert.Contains("--from", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await CommandLine.RunAsync(args, output, error, TestContext.Current.CancellationToken);
        return (code, output.ToString().TrimEnd(), error.ToString().TrimEnd());
    }
}
