using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Recommender.Trainer.Erasing;

namespace Recommender.Trainer.Tests.Erasing;

/// <summary>The saga of one Trainer on a bus of its own. A message is handled when its delivery returns.</summary>
internal sealed class ErasureBus(ErasureSteps steps, ErasureRepository repository) : IReceiveObserver, IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _delivered = new();
    private readonly SemaphoreSlim _starting = new(1, 1);
    private IBusControl? _bus;

    public async Task DeliverAsync(object message, CancellationToken cancellationToken)
    {
        var bus = await StartAsync(cancellationToken);
        var id = Guid.NewGuid();
        var delivered = _delivered.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        await bus.Publish(message, message.GetType(), Pipe.Execute<PublishContext>(context => context.MessageId = id), cancellationToken);
        await delivered.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
    }

    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostReceive(ReceiveContext context) => Note(context);

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => Task.CompletedTask;

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => Task.CompletedTask;

    public Task ReceiveFault(ReceiveContext context, Exception exception) => Note(context);

    public async ValueTask DisposeAsync()
    {
        if (_bus is not null) await _bus.StopAsync(TimeSpan.FromSeconds(10));
        _starting.Dispose();
    }

    private Task Note(ReceiveContext context)
    {
        if (context.GetMessageId() is { } id && _delivered.TryRemove(id, out var delivered)) delivered.SetResult();
        return Task.CompletedTask;
    }

    private async Task<IBusControl> StartAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken);
        try
        {
            if (_bus is not null) return _bus;
            var services = new ServiceCollection().AddSingleton(new ErasureStateMachine(steps)).AddSingleton(repository)
                .BuildServiceProvider();
            _bus = Bus.Factory.CreateUsingInMemory(bus => bus.ReceiveEndpoint(ErasureEndpoint.QueueName, endpoint =>
            {
                endpoint.DiscardFaultedMessages();
                ErasureEndpoint.Configure(endpoint, services);
            }));
            _bus.ConnectReceiveObserver(this);
            await _bus.StartAsync(cancellationToken);
            return _bus;
        }
        finally
        {
            _starting.Release();
        }
    }
}
