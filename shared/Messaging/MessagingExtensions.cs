using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Recommender.Messaging.ControlPlane;
using Recommender.Messaging.RabbitMq;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Resilience;
using Recommender.ServiceDefaults.Settings;

namespace Recommender.Messaging;

/// <summary>Registers streams and notices on RabbitMQ, or notices within the process without a broker.</summary>
public static class MessagingExtensions
{
    /// <summary>
    /// Adds <see cref="INotices"/> and, if <c>ConnectionStrings:rabbitmq</c> is set, <see cref="IStreamPublisher"/>, <see
    /// cref="IStreamConsumer"/> and <see cref="IStreamAdministration"/>. Without a broker the library Messaging.Embedded adds streams. May
    /// be called by each of several services composed in one process; the first call counts.
    /// </summary>
    /// <remarks>Settings: <c>Messaging</c> (<see cref="MessagingOptions"/>).</remarks>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static IHostApplicationBuilder AddMessaging(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(INotices))) return builder;

        builder.AddSettings<MessagingOptions>(MessagingOptions.Section);
        builder.Services.AddResiliencePipelines().AddSingleton<IConfigureOptions<RetryOptions>>(services =>
            new ConfigureNamedOptions<RetryOptions, MessagingOptions>(
                null, services.GetRequiredService<MessagingOptions>(), (retry, options) => retry.MaxDelay = options.MaxRetryDelay));
        RabbitMqAddress? address = null;
        if (builder.Configuration.GetConnectionString("rabbitmq") is { Length: > 0 } connectionString)
        {
            address = RabbitMqAddress.Parse(connectionString);
            builder.Services.AddSingleton(address);
            builder.Services.AddSingleton<RabbitMqPublisher>();
            builder.Services.AddSingleton<IStreamPublisher>(services => services.GetRequiredService<RabbitMqPublisher>());
            builder.Services.AddSingleton<IStreamConsumer, RabbitMqConsumer>();
            builder.Services.AddSingleton<IStreamAdministration, RabbitMqAdministration>();
        }

        Notices.Add(builder, address);
        return builder;
    }
}
