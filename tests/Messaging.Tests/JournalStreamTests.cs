using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Messaging.Tests;

public sealed class JournalStreamTests : StreamContract, IDisposable
{
    private readonly TempFolder _folder = new();

    private protected override Task<MessagingHost> StartAsync() => MessagingHost.StartAsync(null, _folder.Path);

    private protected override string System => "recommender-journal";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_published_is_there_after_a_restart()
    {
        await using (var host = await StartAsync()) await host.Publisher.PublishAsync(Topology.Commands, "[1]"u8.ToArray(), [], Cancel);
        await using var again = await StartAsync();
        await using var collector = new Collector(again, Topology.Commands);
        await Eventually.TrueAsync(() => collector.Bodies is ["[1]"]);
    }

    [Fact]
    public async Task Two_processes_cannot_share_a_journal()
    {
        await using var host = await StartAsync();
        var error = await Assert.ThrowsAsync<StreamUnavailableException>(StartAsync);
        Assert.Contains("in use", error.Message);
    }
}
