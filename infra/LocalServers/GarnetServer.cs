using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Recommender.LocalServers;

/// <summary>Garnet, a .NET tool that speaks Redis's protocol, with an append-only file and a password.</summary>
public sealed class GarnetServer(string folder, int port = 0) : RedisCompatibleServer(folder, port)
{
    /// <summary>Programs it needs.</summary>
    public static new readonly IReadOnlyList<string> RequiredPrograms = ["garnet-server"];

    private string ConfigurationFile => Path.Combine(Folder, "garnet.json");

    /// <summary>A signal would lose the writes since the last commit, up to a second, so it commits first.</summary>
    public override async Task StopAsync()
    {
        if (IsRunning)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port, patience.Token);
                await AskAsync(client.GetStream(), "COMMITAOF", "+AOF file committed", patience.Token);
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // It hangs or is about to end: what it holds can be rebuilt from the database.
            }
        }
        await base.StopAsync();
    }

    protected override async Task PrepareAsync(CancellationToken cancellationToken)
    {
        // Not Redis's folder: neither reads the other's files.
        string data = Path.Combine(Folder, "garnet");
        Directory.CreateDirectory(data);
        var settings = (JsonObject)JsonNode.Parse(Settings("garnet.conf"),
            documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip })!;
        settings["Address"] = "127.0.0.1";
        settings["Port"] = Port;
        settings["LogDir"] = data;
        settings["CheckpointDir"] = data;
        settings["AuthenticationMode"] = "Password";
        settings["Password"] = Password;
        // Password and all in a file of its owner: in a process list anyone could read it.
        WriteSecret(ConfigurationFile, settings.ToJsonString());
    }

    protected override CommandLine Describe() => new(Programs.Require("garnet-server"), ["--config-import-path", ConfigurationFile], Folder)
    {
        Environment = new Dictionary<string, string?>
        {
            // The tool is built for one version of .NET; a newer one runs it as well.
            ["DOTNET_ROLL_FORWARD"] = "Major",
        },
    };

    protected override Task<bool> AnswersAsync(NetworkStream stream, CancellationToken cancellationToken) =>
        PingAsync(stream, cancellationToken);
}
