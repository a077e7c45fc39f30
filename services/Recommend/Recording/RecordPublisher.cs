using System.Buffers;
using Polly.Registry;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Workers;

namespace Recommender.Recommend.Recording;

/// <summary>Publishes what was returned, in batches. Answers wait for it in the <see cref="AnswerQueue"/> and nowhere else.</summary>
/// <param name="publisher">Null without a broker: then nothing is recorded.</param>
internal sealed class RecordPublisher(AnswerQueue queue, RecommendOptions options, ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock, ILogger<RecordPublisher> logger, IStreamPublisher? publisher = null)
    : RepeatingWorker("Recording of answers", pipelines, clock, logger)
{
    private const int MessageBytes = 256 * 1024;

    private readonly ArrayBufferWriter<byte> _message = new(MessageBytes);

    protected override bool IsEnabled => options.RecordAnswers && publisher is not null;

    protected override TimeSpan FirstPause => Pause;

    private TimeSpan Pause => TimeSpan.FromMilliseconds(options.RecordEveryMilliseconds);

    /// <summary>Publishes what waits, once no answer can follow.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (!IsEnabled) return;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            await PublishAllAsync(patience.Token);
        }
        catch (Exception e) when (e is StreamUnavailableException or OperationCanceledException)
        {
            logger.RecordsNotPublished(queue.Waiting, e.Message);
        }
    }

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        await PublishAllAsync(cancellationToken);
        return Pause;
    }

    /// <summary>A message that could not be published comes first the next time. Sent twice, it is stored once.</summary>
    private async Task PublishAllAsync(CancellationToken cancellationToken)
    {
        while (_message.WrittenCount > 0 || queue.Waiting > 0)
        {
            if (_message.WrittenCount == 0) ServedAnswerFormat.Begin(_message);
            while (_message.WrittenCount < MessageBytes && queue.TryTake(out var answer))
            {
                ServedAnswerFormat.Append(_message, answer!);
                queue.Return(answer!);
            }

            await publisher!.PublishAsync(Topology.Served, _message.WrittenMemory, [], cancellationToken);
            _message.ResetWrittenCount();
        }
    }
}
