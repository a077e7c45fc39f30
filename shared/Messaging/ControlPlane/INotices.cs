namespace Recommender.Messaging.ControlPlane;

/// <summary>
/// Small broadcast messages, such as "a model was released", over MassTransit. A notice is a nudge: who gets it looks at the
/// store or factor store; a receiver that misses it polls a little later. So publishing one never fails and never waits long.
/// </summary>
public interface INotices
{
    /// <summary>Sends to every instance that handles <typeparamref name="T"/>. A bus that is down loses the notice, which is logged at
    /// debug level.</summary>
    Task PublishAsync<T>(T notice, CancellationToken cancellationToken)
        where T : class;
}
