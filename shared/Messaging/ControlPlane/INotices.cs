namespace Recommender.Messaging.ControlPlane;

/// <summary>
/// Small broadcast messages over MassTransit, such as "a model was released". A notice carries no data: its receivers read the store or
/// factor store, and receivers that miss it poll later. Publishing a notice therefore never fails and never waits long.
/// </summary>
public interface INotices
{
    /// <summary>
    /// Sends to every instance that handles <typeparamref name="T"/>. If the bus is down, the notice is lost and logged at debug level.
    /// </summary>
    Task PublishAsync<T>(T notice, CancellationToken cancellationToken)
        where T : class;
}
