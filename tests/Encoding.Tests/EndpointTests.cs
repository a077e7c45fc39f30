using System.Numerics.Tensors;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Recommender.Encoders.Text;

namespace Recommender.Encoders.Tests;

/// <summary>An encoder behind the OpenAI embeddings protocol.</summary>
public sealed class EndpointTests
{
    private const string Key = "a-key-of-the-operator";

    [Fact]
    public async Task Texts_are_encoded_in_order_and_scaled_to_length_1()
    {
        var requests = new List<string>();
        await using var server = await StartAsync(async context =>
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body);
            lock (requests) requests.Add(context.Request.Headers.Authorization.ToString());
            var inputs = body.RootElement.GetProperty("input").EnumerateArray().Select(t => t.GetString()!).ToArray();
            // Answered backwards, which the protocol allows.
            await context.Response.WriteAsJsonAsync(new
            {
                data = inputs.Select((text, index) => new { index, embedding = new float[] { text.Length, 0, 1 } }).Reverse(),
            });
        });
        using var encoder = TextEncoders.Create(OptionsOf(server));
        string[] texts = [.. Enumerable.Range(1, 70).Select(n => new string('x', n)), ""];
        var vectors = await EncoderFixture.EncodeAsync(encoder, texts);
        for (int text = 0; text < 70; text++)
        {
            Assert.Equal(1, TensorPrimitives.Norm<float>(vectors[text]), 5);
            Assert.Equal(text + 1, vectors[text][0] / vectors[text][2], 2);
        }

        Assert.Equal([0f, 0f, 0f], vectors[70]);
        Assert.Equal(["Bearer " + Key, "Bearer " + Key], requests);
    }

    [Theory]
    [InlineData(500, "")]
    [InlineData(302, "")]
    [InlineData(200, "not json")]
    [InlineData(200, "{}")]
    [InlineData(200, """{"data":[{"index":7,"embedding":[1,2,3]}]}""")]
    [InlineData(200, """{"data":[{"index":0,"embedding":[1,2]}]}""")]
    [InlineData(200, """{"data":[]}""")]
    public async Task A_wrong_answer_is_an_unavailable_encoder(int status, string body)
    {
        await using var server = await StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "http://127.0.0.1:9/";
            return context.Response.WriteAsync(body);
        });
        using var encoder = TextEncoders.Create(OptionsOf(server));
        var error = await Assert.ThrowsAsync<EncoderUnavailableException>(() => EncoderFixture.EncodeAsync(encoder, "secret text"));
        Assert.DoesNotContain(Key, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret text", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_listen_is_an_unavailable_encoder()
    {
        var server = await StartAsync(context => Task.CompletedTask);
        var options = OptionsOf(server);
        await server.DisposeAsync();
        using var encoder = TextEncoders.Create(options);
        await Assert.ThrowsAsync<EncoderUnavailableException>(() => EncoderFixture.EncodeAsync(encoder, "text"));
    }

    private static TextEncoderOptions OptionsOf(WebApplication server) => new()
    {
        Kind = TextEncoderKind.Endpoint,
        Endpoint = server.Urls.Single() + "/v1/embeddings",
        EndpointModel = "test",
        EndpointKey = Key,
        EndpointDimensions = 3,
    };

    private static async Task<WebApplication> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.MapPost("/v1/embeddings", answer);
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }
}
