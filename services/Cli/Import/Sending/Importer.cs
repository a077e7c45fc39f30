using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Recommender.Cli.Import.Display;
using Recommender.Client;
using Recommender.Contracts;

namespace Recommender.Cli.Import.Sending;

/// <summary>Sends what a preset has read: items first, then events in time order, several requests in flight.</summary>
internal sealed class Importer(ImportOptions options, HttpClient client, IImportDisplay display)
{
    private readonly ApiSender _sender = new(client, options.Patience, display.Note);
    private readonly ImportReport _report = new();

    /// <summary>A client for the server and key of the options.</summary>
    public static HttpClient CreateClient(ImportOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30)
        };
        var client = new HttpClient(handler)
        {
            BaseAddress = new Uri(options.To.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = TimeSpan.FromSeconds(60),
        };
        if (options.Key is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.Key);
        return client;
    }

    /// <summary>Sends everything after the checkpoint and moves it along. Events of one time are kept in one batch where it may hold
    /// them.</summary>
    /// <exception cref="ClientException">The server cannot be reached or refuses the import.</exception>
    public async Task<ImportReport> RunAsync(ImportData data, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var start = options.Restart ? null : checkpoint.Read();
        if (start is not null && await HoldsLessAsync(start, cancellationToken))
        {
            display.Note("The server holds less than an interrupted run had sent, so its data has changed: starting from the beginning.");
            start = null;
        }

        if (start is not null)
        {
            _report.Resumed = start;
            display.Note($"Continuing after {start.Items:N0} items and {start.Events:N0} events of an interrupted run (--restart begins "
                + $"again).");
        }

        var position = start ?? new Position(0, 0);
        long written = Environment.TickCount64;
        try
        {
            display.Stage("items", data.Items.Count, Math.Min(position.Items, data.Items.Count));
            var patches = data.Items.Skip((int)position.Items).Select(item => item.WithChangeId());
            await SendAsync(patches.Chunk(options.BatchSize), PatchItemsAsync, (batch, result) =>
            {
                _report.ItemsAccepted += result.Accepted;
                _report.ItemsRejected += result.Rejected;
                _report.AddRejections(result.Rejections);
                Moved(position with { Items = position.Items + batch.Count });
                display.Advance(batch.Count);
            }, cancellationToken);

            display.Stage("events", data.EventCount, Math.Min(position.Events, data.EventCount));
            await SendAsync(EventBatches.Cut(SkipLong(data.ReadEvents(), position.Events), options.BatchSize), _sender.PostEventsAsync,
                (batch, result) =>
            {
                _report.EventsAccepted += result.Accepted;
                _report.EventsRejected += result.Rejected;
                _report.AddRejections(result.Rejections);
                Moved(position with { Events = position.Events + batch.Count });
                display.Advance(batch.Count);
            }, cancellationToken);
        }
        catch when (position != (start ?? new Position(0, 0)))
        {
            checkpoint.Write(position);
            throw;
        }

        checkpoint.Delete();
        return _report;

        void Moved(Position to)
        {
            position = to;
            if (Environment.TickCount64 - written < 1000) return;
            checkpoint.Write(position);
            written = Environment.TickCount64;
        }
    }

    private Task<SendResult> PatchItemsAsync(IReadOnlyList<ItemPatch> items, CancellationToken cancellationToken) =>
        _sender.SendAsync(HttpMethod.Patch, "v1/items", items, ImportJson.Default.ItemPatchArray, item => item.ItemId, cancellationToken);

    /// <summary>
    /// Whether the server has lost sent data, for example because its data folder was removed. An unnecessary restart is harmless;
    /// continuing would leave a gap. If the status is not accessible, as with a key for ingest only, the checkpoint is trusted.
    /// </summary>
    private async Task<bool> HoldsLessAsync(Position sent, CancellationToken cancellationToken)
    {
        try
        {
            var status = await client.GetFromJsonAsync("v1/status", ContractsJson.Default.StatusResponse, cancellationToken);
            return status is { State: "ok" } && status.QueueDepths.All(queue => queue.Key == Topology.DeadLetters || queue.Value == 0)
                && (status.Events < sent.Events || status.Items < sent.Items);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>
    /// Keeps <see cref="ImportOptions.Parallel"/> batches in flight and reports them as done in order, so that all batches before the last
    /// reported one are done. After a failure the batches before the failed one still count.
    /// </summary>
    private async Task SendAsync<T>(IEnumerable<IReadOnlyList<T>> batches,
        Func<IReadOnlyList<T>, CancellationToken, Task<SendResult>> post,
            Action<IReadOnlyList<T>, SendResult> done, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var inFlight = new Queue<(IReadOnlyList<T> Batch, Task<SendResult> Sending)>();
        try
        {
            foreach (var batch in batches)
            {
                if (inFlight.Count >= options.Parallel) await FinishOneAsync();
                cancellationToken.ThrowIfCancellationRequested();
                inFlight.Enqueue((batch, post(batch, stop.Token)));
            }

            while (inFlight.Count > 0) await FinishOneAsync();
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var (_, sending) in inFlight) await sending.ContinueWith(_ => { }, CancellationToken.None,
                TaskContinuationOptions.None, TaskScheduler.Default);
        }

        async Task FinishOneAsync()
        {
            var (batch, sending) = inFlight.Peek();
            var result = await sending;
            inFlight.Dequeue();
            done(batch, result);
        }
    }

    private static IEnumerable<Interaction> SkipLong(IEnumerable<Interaction> events, long count)
    {
        foreach (var interaction in events)
        {
            if (count > 0) count--;
            else yield return interaction;
        }
    }
}
