using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Recommender.Messaging.Streams;

namespace Recommender.Messaging.Embedded;

/// <summary>Registers messaging that works with and without a broker.</summary>
public static class EmbeddedMessagingExtensions
{
    /// <summary>
    /// Adds what <see cref="MessagingExtensions.AddMessaging"/> does and, where <c>ConnectionStrings:rabbitmq</c> is not set, streams on
    /// the journal file. May be called by each of several services composed in one process; the first call counts.
    /// </summary>
    /// <remarks>Settings: those of <see cref="MessagingExtensions.AddMessaging"/>, and <c>Data:Directory</c>, the folder of
    /// <c>journal.db</c>.</remarks>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static IHostApplicationBuilder AddMessagingOrEmbedded(this IHostApplicationBuilder builder)
    {
        builder.AddMessaging();
        if (builder.Services.Any(service => service.ServiceType == typeof(IStreamPublisher))) return builder;

        string path = Path.Combine(builder.Configuration["Data:Directory"] is { Length: > 0 } folder ? folder : "data", "journal.db");
        builder.Services.AddSingleton(_ => new JournalFile(path));
        builder.Services.AddSingleton<JournalStreams>();
        builder.Services.AddSingleton<IStreamPublisher>(services => services.GetRequiredService<JournalStreams>());
        builder.Services.AddSingleton<IStreamConsumer>(services => services.GetRequiredService<JournalStreams>());
        builder.Services.AddSingleton<IStreamAdministration>(services => services.GetRequiredService<JournalStreams>());
        builder.Services.AddHostedService(services => services.GetRequiredService<JournalFile>());
        return builder;
    }
}
