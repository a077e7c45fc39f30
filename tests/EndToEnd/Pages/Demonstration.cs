using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Pages;

/// <summary>One process with the demonstration shop, for the tests that look at it one after another. It is filled and trained
/// once.</summary>
[CollectionDefinition(Name)]
public sealed class Demonstration : ICollectionFixture<Demonstration>, IAsyncLifetime
{
    public const string Name = nameof(Demonstration);
    private readonly TempFolder _data = new();
    private ServiceProcess? _standalone;

    internal async Task<ServiceProcess> StartAsync()
    {
        if (_standalone is not null) return _standalone;
        // The search for settings that would follow the first training takes all cores for minutes, and nobody waits for it here.
        _standalone = new ServiceProcess("Standalone", new Dictionary<string, string?> { ["Trainer__TuneBudgetSeconds"] = "0" },
            ["--data", _data.Path, "--port", "{PORT}", "--demo"]);
        await _standalone.StartAsync();
        return _standalone;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_standalone is not null) await _standalone.DisposeAsync();
        _data.Dispose();
    }
}
