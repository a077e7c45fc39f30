using System.Text.Json;

namespace Recommender.Client;

/// <summary>An answer that is an error, as text.</summary>
public static class ProblemText
{
    /// <summary>Status and, of problem details, the detail.</summary>
    public static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(response);
        string status = $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
        try
        {
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            return document.RootElement.TryGetProperty("detail", out var detail) ? $"{status}: {detail.GetString()}" : status;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or HttpRequestException or IOException)
        {
            return status;
        }
    }
}
