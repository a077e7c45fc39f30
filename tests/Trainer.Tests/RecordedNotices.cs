using Recommender.Contracts;
using Recommender.Messaging.ControlPlane;
using Recommender.Trainer.Erasing;
using Recommender.Trainer.Tests.Erasing;

namespace Recommender.Trainer.Tests;

/// <summary>Keeps what was sent, and delivers the messages of erasures to a saga unless they are lost.</summary>
internal sealed class RecordedNotices : INotices
{
    public List<object> Sent { get; } = [];

    /// <summary>The Trainer that gets the messages.</summary>
    public ErasureBus? Erasures { get; set; }

    /// <summary>Messages that are lost on their way.</summary>
    public Func<object, bool> Lost { get; set; } = _ => false;

    public async Task PublishAsync<T>(T notice, CancellationToken cancellationToken)
        where T : class
    {
        lock (Sent) Sent.Add(notice);
        if (notice is not (ErasureApplied or ErasureDue or UserForgotten) || Erasures is null || Lost(notice)) return;
        await Erasures.DeliverAsync(notice, cancellationToken);
    }
}
