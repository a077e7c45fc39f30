using System.Net;
using Npgsql;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd;

/// <summary>TLS to and from everything, by configuration alone, with an authority that only the services' settings name.</summary>
public class TlsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_becomes_an_answer_over_TLS_alone_and_an_unknown_authority_is_not_trusted()
    {
        Servers.Require([.. RabbitMqServer.RequiredPrograms, .. RedisServer.RequiredPrograms, .. PostgresServer.RequiredPrograms]);
        using var folder = new TempFolder();
        var (files, authority) = TestCertificates.Create(folder.Path);
        await using var rabbitMq = new RabbitMqServer(Path.Combine(folder.Path, "rabbitmq")) { Tls = files };
        await using var redis = new RedisServer(Path.Combine(folder.Path, "redis")) { Tls = files };
        await using var postgres = new PostgresServer(Path.Combine(folder.Path, "postgres")) { Tls = files };
        await Task.WhenAll(((LocalServer[])[rabbitMq, redis, postgres]).Select(server => server.StartAsync(Cancel)));

        var settings = new Dictionary<string, string?>
        {
            ["SSL_CERT_FILE"] = files.Authority, // Whom the process trusts.
            ["Kestrel__Certificates__Default__Path"] = files.Certificate,
            ["Kestrel__Certificates__Default__KeyPath"] = files.Key,
        };
        await using var fleet = new Fleet(rabbitMq.TlsConnectionString, redis.TlsConnectionString, postgres.TlsConnectionString,
            more: settings, https: () => new SocketsHttpHandler { SslOptions = TestCertificates.Trusting(authority) });
        await fleet.StartAsync();
        Assert.StartsWith("https://", fleet.Console.Address.ToString(), StringComparison.Ordinal);
        await fleet.Api.SendAsync(new { eventId = "1", userId = "ann", itemId = "tea", type = "view" });
        await Eventually.TrueAsync(async () => (await fleet.Api.HistoryAsync("ann")).Count == 1);
        await Eventually.TrueAsync(async () => await fleet.Api.TryGetAsync("/v1/users/bob/recommendations") is { } answer
            && answer.GetProperty("items").GetArrayLength() == 1);

        await using (var source = NpgsqlDataSource.Create(postgres.ConnectionString))
        await using (var plain = source.CreateCommand(
            "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'recommender' AND NOT ssl"))
            Assert.Equal(0L, await plain.ExecuteScalarAsync(Cancel));
        Assert.Contains("127.0.0.1", await redis.CommandAsync(["CLIENT", "LIST"], Cancel), StringComparison.Ordinal);
        using (var management = rabbitMq.ManagementClient())
        {
            string connections = await management.GetStringAsync("api/connections?columns=ssl", Cancel);
            Assert.DoesNotContain("false", connections, StringComparison.Ordinal);
        }

        // The page's own client does not know the authority either.
        using (var stranger = new HttpClient())
            await Assert.ThrowsAsync<HttpRequestException>(() => stranger.GetAsync(new Uri(fleet.Console.Address, "health/live"), Cancel));
        await using var distrustful = new ServiceProcess("Ingest", new Dictionary<string, string?>
        {
            ["ConnectionStrings__rabbitmq"] = rabbitMq.TlsConnectionString,
            ["ConnectionStrings__postgres"] = postgres.ConnectionString,
        });
        distrustful.Launch();
        await Eventually.TrueAsync(() => distrustful.Log.Any(line => line.Contains("cannot be used", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable,
            await new Api(distrustful.Client).PostAsync("/v1/events", """{"userId":"u","itemId":"i","type":"view"}"""));
    }
}
