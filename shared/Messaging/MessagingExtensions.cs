using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Recommender.Messaging.ControlPlane;
using Recommender.Messaging.Embedded;
using Recommender.Messaging.RabbitMq;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Resilience;

namespace Recommender.Messaging;

/// <summary>Registers streams and notices: RabbitMQ where <c>ConnectionStrings:rabbitmq</c> is set, else embedded parts.</summary>
public static class MessagingExtensions
{
    /// <summary>
    /// Adds <see cref="IStreamPublisher"/>, <see cref="IStreamConsumer"/>, <see cref="IStreamAdministration"/> and <see cref="INotices"/>.
    /// May be called by each of several services composed in one process; the first call counts.
    /// </summary>
    /// <remarks>Settings: <c>Messaging</c> (<see cref="MessagingOptions"/>), and embedded <c>Data:Directory</c>, the folder of
    /// <c>journal.db</c>.</remarks>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static IHostApplicationBuilder AddMessaging(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(IStreamPublisher))) return builder;

        var options = builder.Configuration.GetSection("Messaging").Get<MessagingOptions>() ?? new MessagingOptions();
        options.Validate();
        builder.Services.AddSingleton(options);
        builder.Services.AddResiliencePipelines().ConfigureAll<RetryOptions>(retry => retry.MaxDelay = options.MaxRetryDelay);
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
        else
        {
            string path = Path.Combine(builder.Configuration["Data:Directory"] is { Length: > 0 } folder ? folder : "data", "journal.db");
            builder.Services.AddSingleton(_ => new JournalFile(path));
            builder.Services.AddSingleton<JournalStreams>();
            builder.Services.AddSingleton<IStreamPublisher>(services => services.GetRequiredService<JournalStreams>());
            builder.Services.AddSingleton<IStreamConsumer>(services => services.GetRequiredService<JournalStreams>());
            builder.Services.AddSingleton<IStreamAdministration>(services => services.GetRequiredService<JournalStreams>());
            builder.Services.AddHostedService(services => services.GetRequiredService<JournalFile>());
        }

        Notices.Add(builder, address);
        return builder;
    }
}
