using System.Net.Http.Json;
using System.Text.Json;
using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Orchestration;

/// <summary>The product's own API, as the dashboard's commands use it.</summary>
internal sealed class OperatorApi(LocalDeployment deployment, IHttpClientFactory clients)
{
    /// <summary>Sends a request and returns the answer.</summary>
    /// <exception cref="LocalHostException">The API refused or did not answer; the message has the reason.</exception>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient();
        using var request = new HttpRequestMessage(method, deployment.Public.Address + path);
        if (deployment.Key is { } key) request.Headers.Add("X-API-Key", key.Secret);
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            if (response.IsSuccessStatusCode) return answer;
            throw new LocalHostException(answer.TryGetProperty("detail", out var detail)
                ? detail.GetString()!
                : $"{method} {path} was answered with {(int)response.StatusCode}.");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new LocalHostException($"{method} {path} failed: {e.Message}");
        }
    }
}
