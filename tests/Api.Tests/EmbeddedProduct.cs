using System.Text.Json;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Api.Tests;

/// <summary>Everything in one process, without keys, and the document that it serves.</summary>
public sealed class EmbeddedProduct : IAsyncLifetime
{
    private readonly TempFolder _data = new();
    private readonly ServiceProcess _process;

    public EmbeddedProduct()
    {
        _process = Start(_data, new Dictionary<string, string?>());
        Generated = new(() => GeneratedClient.CreateAsync(DocumentText, Client));
    }

    public HttpClient Client => _process.Client;

    /// <summary>The document as served.</summary>
    public string DocumentText { get; private set; } = "";

    public JsonElement Document { get; private set; }

    /// <summary>Generated and compiled once.</summary>
    internal Lazy<Task<GeneratedClient>> Generated { get; }

    /// <summary>A process that searches for no settings and trains only on request.</summary>
    internal static ServiceProcess Start(TempFolder data, IReadOnlyDictionary<string, string?> settings) =>
        new("Standalone", new Dictionary<string, string?>(settings)
        {
            ["Trainer__Rank"] = "8",
            ["Trainer__TuneBudgetSeconds"] = "0",
            ["Trainer__MinimumEvents"] = "1000000",
        }, ["--data", data.Path, "--port", "{PORT}", "--no-demo"]);

    public async ValueTask InitializeAsync()
    {
        await _process.StartAsync();
        DocumentText = await Client.GetStringAsync("openapi/v1.json", TestContext.Current.CancellationToken);
        Document = JsonDocument.Parse(DocumentText).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _data.Dispose();
    }
}
