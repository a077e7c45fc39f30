using MassTransit;

namespace Recommender.Messaging.ControlPlane;

internal interface INoticeHandler
{
    void Connect(IReceiveEndpointConfigurator endpoint, IServiceProvider services);
}
