using System.Diagnostics.Metrics;
using Recommender.Contracts;
using Recommender.Messaging.Streams;

namespace Recommender.Ingest.Accepting;

/// <summary>The publishers of both streams, for the life of the service.</summary>
internal sealed class GroupPublishers : IHostedService, IDisposable
{
    private readonly Meter _meter;
    private Task _running = Task.CompletedTask;

    public GroupPublishers(IStreamPublisher publisher, QueueGuard queue, IngestOptions options)
    {
        Interactions = new GroupPublisher(Topology.Interactions, publisher, options, queue);
        Commands = new GroupPublisher(Topology.Commands, publisher, options);
        var meter = new Meter("Recommender.Ingest");
        meter.CreateObservableGauge("recommender.lag",
            () => new Measurement<double>(Interactions.Lag.TotalSeconds,
                new KeyValuePair<string, object?>("recommender.stage", "accepted")), "s",
                    "How long the oldest event a stage has not seen has waited for it");
        meter.CreateObservableGauge("recommender.ingest.backlog", () => Interactions.BacklogBytes, "By",
            "Events waiting for the broker in this process");
        _meter = meter;
    }

    public void Dispose() => _meter.Dispose();

    public GroupPublisher Interactions { get; }

    public GroupPublisher Commands { get; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Commands go one message at a time: their order counts. Events may overlap, so that the next group is made while the last one is
        // being confirmed.
        _running = Task.WhenAll(Task.Run(Interactions.RunAsync, CancellationToken.None),
            Task.Run(Interactions.RunAsync, CancellationToken.None), Task.Run(Commands.RunAsync, CancellationToken.None));
        return Task.CompletedTask;
    }

    /// <summary>The server stops before: no request is left that could add to the streams.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Interactions.Complete();
        Commands.Complete();
        await _running.WaitAsync(cancellationToken);
    }
}
