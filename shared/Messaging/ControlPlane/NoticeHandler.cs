using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Recommender.Messaging.ControlPlane;

internal sealed class NoticeHandler<T>(Func<IServiceProvider, T, CancellationToken, Task> handler) : INoticeHandler
    where T : class
{
    public void Connect(IReceiveEndpointConfigurator endpoint, IServiceProvider services)
    {
        var logger = services.GetRequiredService<ILogger<Notices>>();
        endpoint.Handler<T>(async context =>
        {
            try
            {
                await handler(services, context.Message, context.CancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.NoticeFailed(e, typeof(T).Name);
            }
        });
    }
}
