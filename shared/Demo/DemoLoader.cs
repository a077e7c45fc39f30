using System.Net.Http.Json;
using System.Text.Json;
using Recommender.Client;
using Recommender.Contracts;

namespace Recommender.Demo;

/// <summary>Fills an empty server with the demonstration catalogue, through the public API like any other client, once per data
/// folder.</summary>
public static class DemoLoader
{
    private const string MarkerName = "demo.json";
    private const int BatchSize = 2000;

    /// <summary>
    /// Generates and sends all data, then requests a training. After an interruption the next call continues; after completion it does
    /// nothing.
    /// </summary>
    /// <param name="client">Client with the address of the server and, if keys are required, a key with the scopes ingest and
    /// admin.</param>
    /// <param name="dataDirectory">Remembers that the demonstration was loaded.</param>
    /// <returns>Whether anything was sent: false when it was loaded before, or the server holds other data.</returns>
    /// <exception cref="ClientException">The server refuses.</exception>
    public static async Task<bool> LoadAsync(HttpClient client, string dataDirectory, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(dataDirectory);
        string marker = Path.Combine(dataDirectory, MarkerName);
        if (ReadMarker(marker) is not { } state)
        {
            if (await StatusAsync(client, cancellationToken) is not { Events: 0, Items: 0 }) return false;
            state = new Marker(new DateTimeOffset(DateTimeOffset.UtcNow.UtcDateTime.Date, TimeSpan.Zero), Done: false);
            Directory.CreateDirectory(dataDirectory);
            WriteMarker(marker, state);
        }

        if (state.Done) return false;
        await SendAsync(client, DemoData.Generate(state.End), cancellationToken);
        await StoredAsync(client, cancellationToken);
        using var training = await client.PostAsync("v1/models", null, cancellationToken);
        if (!training.IsSuccessStatusCode)
            throw new ClientException($"The demonstration is loaded, but training could not be started: {(int)training.StatusCode} "
                + $"{training.ReasonPhrase}.");
        WriteMarker(marker, state with { Done = true });
        return true;
    }

    private static async Task SendAsync(HttpClient client, DemoData data, CancellationToken cancellationToken)
    {
        var sender = new ApiSender(client, TimeSpan.FromSeconds(60), _ => { });
        foreach (var items in data.Items.Chunk(BatchSize)) Check(await sender.PostItemsAsync(items, cancellationToken));
        await Parallel.ForEachAsync(EventBatches.Cut(data.Events, BatchSize),
            new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = cancellationToken },
            async (batch, stop) => Check(await sender.PostEventsAsync(batch, stop)));

        // The generator and the server's rules belong together: a refusal is a defect, not bad input.
        static void Check(SendResult result)
        {
            if (result.Rejected > 0)
                throw new ClientException($"The server refused {result.Rejected} elements of the demonstration, the first, "
                    + $"{result.Rejections[0].Id}: {result.Rejections[0].Field} {result.Rejections[0].Error}.");
        }
    }

    /// <summary>Waits until accepted events are stored, because a training would otherwise use only a part of them.</summary>
    private static async Task StoredAsync(HttpClient client, CancellationToken cancellationToken)
    {
        while (await client.GetFromJsonAsync("v1/status", ContractsJson.Default.StatusResponse, cancellationToken) is { } status
            && status.QueueDepths.Any(queue => queue.Key != Topology.DeadLetters && queue.Value > 0))
            await Task.Delay(100, cancellationToken);
    }

    private static async Task<StatusResponse> StatusAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetFromJsonAsync("v1/status", ContractsJson.Default.StatusResponse, cancellationToken)
                ?? throw new ClientException("The demonstration cannot be loaded: the server does not tell its status.");
        }
        catch (HttpRequestException e)
        {
            throw new ClientException($"The demonstration cannot be loaded: {e.Message}", inner: e);
        }
    }

    private static Marker? ReadMarker(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Marker>(File.ReadAllBytes(path), JsonSerializerOptions.Web);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    private static void WriteMarker(string path, Marker marker)
    {
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(marker, JsonSerializerOptions.Web));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <param name="End">End of the demonstration's period: kept, so that an interrupted load continues with the same events.</param>
    /// <param name="Done">Whether all of it was accepted.</param>
    private sealed record Marker(DateTimeOffset End, bool Done);
}
