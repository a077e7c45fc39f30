using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd;

/// <summary>The public API as an application uses it.</summary>
internal sealed class Api(HttpClient client)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await client.GetAsync(path, Cancel);
        Assert.True(response.IsSuccessStatusCode, $"GET {path}: {(int)response.StatusCode} "
            + $"{await response.Content.ReadAsStringAsync(Cancel)}");
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    /// <summary>Null while the service does not answer, or answers with an error.</summary>
    public async Task<JsonElement?> TryGetAsync(string path)
    {
        try
        {
            using var response = await client.GetAsync(path, Cancel);
            return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<JsonElement>(Cancel) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public async Task<HttpStatusCode> PostAsync(string path, string json)
    {
        using var response = await client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"), Cancel);
        return response.StatusCode;
    }

    public async Task<HttpStatusCode> PutAsync(string path, string json)
    {
        using var response = await client.PutAsync(path, new StringContent(json, Encoding.UTF8, "application/json"), Cancel);
        return response.StatusCode;
    }

    public async Task<HttpStatusCode> DeleteAsync(string path)
    {
        using var response = await client.DeleteAsync(path, Cancel);
        return response.StatusCode;
    }

    /// <summary>Sends an event until it is accepted. Its id makes that harmless.</summary>
    public async Task SendAsync(object body) => await Eventually.TrueAsync(async () =>
    {
        try
        {
            return await PostAsync("/v1/events", JsonSerializer.Serialize(body)) == HttpStatusCode.Accepted;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });

    /// <summary>Events in the store; -1 while that cannot be asked.</summary>
    public async Task<long> EventsAsync() => await TryGetAsync("/v1/status") is { } status ? status.GetProperty("events").GetInt64() : -1;

    public async Task<List<string>> HistoryAsync(string user) =>
        await TryGetAsync($"/v1/users/{Uri.EscapeDataString(user)}/history") is { } history
        ? [.. history.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("itemId").GetString()!)]
        : [];

    /// <summary>The first user of the list who gets personal recommendations, and these. Before the first model, what followed the user's
    /// items answers.</summary>
    /// <param name="byModel">Waits for the first model.</param>
    public async Task<(string User, JsonElement Answer)> FirstPersonalAsync(TimeSpan deadline, bool byModel = false)
    {
        (string, JsonElement)? found = null;
        await Eventually.TrueAsync(async () =>
        {
            if (await TryGetAsync("/v1/users?limit=1") is not { } users || users.GetProperty("users").GetArrayLength() == 0) return false;
            string user = users.GetProperty("users")[0].GetProperty("userId").GetString()!;
            if (await TryGetAsync($"/v1/users/{Uri.EscapeDataString(user)}/recommendations?count=10&explain=true") is not { } answer)
                return false;
            if (answer.GetProperty("source").GetString() != "personal") return false;
            if (byModel && !answer.TryGetProperty("modelVersion", out _)) return false;
            found = (user, answer);
            return true;
        }, deadline, "a personal recommendation");
        return found!.Value;
    }
}
