using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.ServiceDefaults.Resilience;
using Recommender.Storage;

namespace Recommender.Messaging;

/// <summary>Registers streams and notices: RabbitMQ where <c>ConnectionStrings:rabbitmq</c> is set, else embedded parts.</summary>
public static class MessagingExtensions
{
    /// <summary>
    /// Adds <see cref="IStreamPublisher"/>, <see cref="IStreamConsumer"/>, <see cref="IStreamAdministration"/> and <see cref="INotices"/>.
    /// May be called by each of several services composed in one process; the first call counts.
    /// </summary>
    /// <remarks>Settings: <c>Messaging</c> (<see cref="MessagingOptions"/>), and embedded <c>Data:Directory</c>, the folder of <c>journal.db</c>.</remarks>
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

/// <summary>Settings of <c>Messaging</c>.</summary>
public sealed class MessagingOptions
{
    /// <summary>How long a publish waits for the broker's confirm before it counts as failed.</summary>
    public double PublishTimeoutSeconds { get; set; } = 10;

    /// <summary>Messages the broker sends ahead of acknowledgement, per consumer.</summary>
    public int PrefetchMessages { get; set; } = 200;

    /// <summary>
    /// How often a message may come back because its consumer died before the broker gives it up as a dead letter. High: a killed
    /// process returns everything it had prefetched, and that must never cost an event.
    /// </summary>
    public int DeliveryLimit { get; set; } = 1000;

    /// <summary>Longest pause between two attempts to reach a server, or to handle a batch whose handler fails.</summary>
    public double MaxRetryDelaySeconds { get; set; } = 5;

    internal TimeSpan PublishTimeout => TimeSpan.FromSeconds(PublishTimeoutSeconds);

    internal TimeSpan MaxRetryDelay => TimeSpan.FromSeconds(MaxRetryDelaySeconds);

    internal void Validate()
    {
        if (PublishTimeoutSeconds is not (>= 0.1 and <= 600)) throw new InvalidOperationException("Setting Messaging:PublishTimeoutSeconds has to be between 0.1 and 600.");
        if (PrefetchMessages is < 1 or > 65_535) throw new InvalidOperationException("Setting Messaging:PrefetchMessages has to be between 1 and 65535.");
        if (DeliveryLimit < 1) throw new InvalidOperationException("Setting Messaging:DeliveryLimit has to be 1 or more.");
        if (MaxRetryDelaySeconds is not (>= 0.05 and <= 600)) throw new InvalidOperationException("Setting Messaging:MaxRetryDelaySeconds has to be between 0.05 and 600.");
    }
}
