using Microsoft.Extensions.Hosting;

namespace Recommender.Messaging.Embedded;

/// <summary>Opens the journal before the services start, so that an unusable folder ends the program with a clear error.</summary>
internal sealed class JournalFile(string path) : IHostedLifecycleService, IAsyncDisposable
{
    private Task<Journal>? _journal;
    private readonly Lock _lock = new();

    public Task<Journal> GetAsync()
    {
        lock (_lock) return _journal ??= Journal.OpenAsync(path, CancellationToken.None);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => GetAsync();

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_journal is { IsCompletedSuccessfully: true }) await _journal.Result.DisposeAsync();
    }
}
