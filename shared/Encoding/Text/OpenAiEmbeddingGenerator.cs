using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Recommender.Encoders.Text;

/// <summary>
/// The OpenAI embeddings protocol: <c>POST {address}</c> with <c>{"model", "input": […]}</c>, answered by
/// <c>{"data": [{"index", "embedding": […]}]}</c>. Many model servers speak it.
/// </summary>
/// <param name="http">Is disposed with the generator. Its handler decides about proxies and redirects.</param>
/// <param name="address">Full address, such as <c>http://127.0.0.1:8080/v1/embeddings</c>.</param>
/// <param name="model">Name that the server knows.</param>
/// <param name="key">Bearer token; null sends none.</param>
public sealed class OpenAiEmbeddingGenerator(HttpClient http, Uri address, string model, string? key)
    : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>Largest answer: 64 vectors of 4,096 numbers with 20 characters each, and room.</summary>
    private const int MaxAnswerBytes = 8 << 20;

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        string[] texts = [.. values];
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = JsonContent.Create(new { model = options?.ModelId ?? model, input = texts, encoding_format = "float" }),
        };
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        // Neither the body nor the header of an error is repeated: it may hold the text or the key.
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"{address.GetLeftPart(UriPartial.Path)} answered {(int)response.StatusCode}.");
        await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, cancellationToken).ConfigureAwait(false);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var json = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken).ConfigureAwait(false);
            return new(Read(json.RootElement, texts.Length).Select(vector => new Embedding<float>(vector)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new HttpRequestException($"{address.GetLeftPart(UriPartial.Path)} does not answer in the embeddings protocol.", e);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() => http.Dispose();

    /// <summary>The vectors in the order of the texts. Servers may answer in another order.</summary>
    private static float[][] Read(JsonElement answer, int texts)
    {
        var vectors = new float[texts][];
        int at = 0;
        foreach (var element in answer.GetProperty("data").EnumerateArray())
        {
            int index = element.TryGetProperty("index", out var stated) ? stated.GetInt32() : at;
            if ((uint)index >= (uint)texts) throw new FormatException($"The answer has a vector for text {index} of {texts}.");
            vectors[index] = [.. element.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle())];
            at++;
        }

        if (Array.Exists(vectors, vector => vector is null)) throw new FormatException("The answer lacks a vector.");
        return vectors;
    }
}
