using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Recommender.AppHost;

/// <summary>The default: everything in one process (Standalone), nothing to install.</summary>
internal sealed class EmbeddedHost(LocalHostOptions options)
{
    private readonly string _address = $"http://127.0.0.1:{options.Port}";

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        LocalHost.RequireFree(options.Port, "page and API");
        using var folder = LocalHost.TakeDataFolder(options.Data);
        var run = LocalHost.Service("Standalone", options.Port, new Dictionary<string, string?>(),
            "--data", options.Data, "--port", $"{options.Port}", options.Demo ? "--demo" : "--no-demo");
        using var child = new ServiceChild("standalone", run, options.Port, prefixed: false);
        var clock = Stopwatch.StartNew();
        child.Start();
        try
        {
            await child.WaitUntilReadyAsync(TimeSpan.FromMinutes(2), cancellationToken);
            Output.Say($"""

                  Recommender  {_address}
                  Data         {options.Data}

                """);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var hints = options.Demo ? SayWhenPersonalAsync(clock, ended.Token) : SayHowToBeginAsync();
            int code = await child.WaitForExitAsync(cancellationToken);
            await ended.CancelAsync();
            await hints;
            Output.Say($"standalone ended by itself with {code}; nothing runs any more");
            return code == 0 ? 1 : code;
        }
        finally
        {
            await child.StopAsync(TimeSpan.FromSeconds(30));
        }
    }

    private Task SayHowToBeginAsync()
    {
        Output.Say($$"""
              Send an event, ask what comes next, and see what is popular:

                curl -X POST {{_address}}/v1/events -H 'content-type: application/json' -d '{"userId":"ann","itemId":"tea","type":"view"}'
                curl '{{_address}}/v1/users/ann/recommendations?count=5&explain=true'
                curl '{{_address}}/v1/items/popular?count=5'

              Ctrl-C stops it.
            """);
        return Task.CompletedTask;
    }

    /// <summary>Waits for the first personal answer, and shows how to get it.</summary>
    private async Task SayWhenPersonalAsync(Stopwatch clock, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = new Uri(_address), Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            while (true)
            {
                if (await FirstPersonalUserAsync(client, cancellationToken) is { } user)
                {
                    string path = $"{_address}/v1/users/{Uri.EscapeDataString(user)}";
                    Output.Say($$"""
                          Recommendations are ready after {{clock.Elapsed.TotalSeconds:0.0}} s. Open {{_address}} or try:

                            curl '{{path}}/recommendations?count=5&explain=true'
                            curl '{{path}}/history'
                            curl -X POST {{_address}}/v1/events -H 'content-type: application/json' -d '{"userId":"{{user}}","itemId":"{{await FirstItemAsync(client, user, cancellationToken)}}","type":"purchase"}'

                          Ctrl-C stops it.
                        """);
                    return;
                }
                await Task.Delay(200, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped before there was anything to show.
        }
    }

    private static async Task<string?> FirstPersonalUserAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var users = await GetAsync(client, "/v1/users?limit=1", cancellationToken);
        if (users is not { } list || !list.TryGetProperty("users", out var rows) || rows.GetArrayLength() == 0) return null;
        string user = rows[0].GetProperty("userId").GetString()!;
        var answer = await GetAsync(client, $"/v1/users/{Uri.EscapeDataString(user)}/recommendations?count=1", cancellationToken);
        return answer is { } found && found.GetProperty("source").GetString() == "personal" ? user : null;
    }

    private static async Task<string> FirstItemAsync(HttpClient client, string user, CancellationToken cancellationToken)
    {
        var answer = await GetAsync(client, $"/v1/users/{Uri.EscapeDataString(user)}/recommendations?count=1", cancellationToken);
        return answer is { } found && found.GetProperty("items") is { } items && items.GetArrayLength() > 0 ? items[0].GetProperty("itemId").GetString()! : "tea";
    }

    private static async Task<JsonElement?> GetAsync(HttpClient client, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(path, cancellationToken);
            return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken) : null;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }
}
