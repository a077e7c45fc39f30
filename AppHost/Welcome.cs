using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Recommender.AppHost;

/// <summary>Shows what to try first, once there is something to see.</summary>
/// <param name="address">Of the page and the API.</param>
/// <param name="key">Null if no key is required.</param>
internal sealed class Welcome(string address, AdminKey? key)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <param name="demo">Whether the demonstration catalogue is loaded.</param>
    public Task SayAsync(bool demo, CancellationToken cancellationToken) =>
        demo ? SayWhenPersonalAsync(cancellationToken) : SayHowToBeginAsync();

    private string KeyHeader => key is null ? "" : " -H \"X-API-Key: $KEY\"";

    private Task SayHowToBeginAsync()
    {
        Output.Say($$"""
              Send an event, ask what comes next, and see what is popular:

                curl -X POST {{address}}/v1/events{{KeyHeader}} -H 'content-type: application/json' -d '{"userId":"ann","itemId":"tea","type":"view"}'
                curl '{{address}}/v1/users/ann/recommendations?count=5&explain=true'{{KeyHeader}}
                curl '{{address}}/v1/items/popular?count=5'{{KeyHeader}}

              Ctrl-C stops it.
            """);
        return Task.CompletedTask;
    }

    /// <summary>Waits for the first personal answer, and shows how to get it.</summary>
    private async Task SayWhenPersonalAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(10) };
        if (key is not null) client.DefaultRequestHeaders.Add("X-API-Key", key.Secret);
        try
        {
            while (true)
            {
                if (await FirstPersonalUserAsync(client, cancellationToken) is { } user)
                {
                    string path = $"{address}/v1/users/{Uri.EscapeDataString(user)}";
                    Output.Say($$"""
                          Recommendations are ready after {{_clock.Elapsed.TotalSeconds:0.0}} s. Open {{address}} or try:

                            curl '{{path}}/recommendations?count=5&explain=true'{{KeyHeader}}
                            curl '{{path}}/history'{{KeyHeader}}
                            curl -X POST {{address}}/v1/events{{KeyHeader}} -H 'content-type: application/json' -d '{"userId":"{{user}}","itemId":"{{await FirstItemAsync(client, user, cancellationToken)}}","type":"purchase"}'

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
        return answer is { } found && found.GetProperty("items") is { } items && items.GetArrayLength() > 0
            ? items[0].GetProperty("itemId").GetString()!
            : "tea";
    }

    private static async Task<JsonElement?> GetAsync(HttpClient client, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(path, cancellationToken);
            return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken) : null;
        }
        catch (Exception e) when (e is HttpRequestException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }
}
