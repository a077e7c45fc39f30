using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Recommender.LocalServers;

/// <summary>PostgreSQL with one database, <c>recommender</c>, and a password. When this process is root it runs as the user <c>postgres</c>
/// or <c>nobody</c>.</summary>
public sealed class PostgresServer(string folder, int port = 0) : LocalServer("postgres", folder, port)
{
    private const string User = "recommender";
    private const string Database = "recommender";

    /// <summary>Programs it needs.</summary>
    public static readonly IReadOnlyList<string> RequiredPrograms = ["postgres", "initdb", "psql"];

    public override string ConnectionString => ConnectionStringOf(Database);

    /// <summary>SIGINT: connections are closed, and it stops. SIGTERM would wait for the clients to leave.</summary>
    protected override int StopSignal => ProcessTree.SigInt;

    private string Data => Path.Combine(Folder, "data");

    public string ConnectionStringOf(string database) =>
        $"Host=127.0.0.1;Port={Port};Username={User};Password={Password};Database={database}";

    /// <summary>Creates an empty database, for tests that must not see each other. Returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        if (name.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '_'))
            throw new ArgumentException("Only ASCII letters, digits and _ may be used.", nameof(name));
        var psql = new CommandLine(Programs.Require("psql"),
            ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", User, "-d", Database, "-X", "-q", "-v",
                "ON_ERROR_STOP=1"], Folder)
        {
            Environment = new Dictionary<string, string?> { ["PGPASSWORD"] = Password },
        };
        await RunAsync(psql, $"CREATE DATABASE \"{name}\" TEMPLATE template0;", cancellationToken);
        return ConnectionStringOf(name);
    }

    protected override async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(Data, "initialized"))) await CreateClusterAsync(cancellationToken);
        await RemoveStaleLockAsync();
        string settings = Settings("postgresql.conf") + string.Create(CultureInfo.InvariantCulture, $"""

            # Added by the local server.
            listen_addresses = '127.0.0.1'
            port = {Port}
            unix_socket_directories = ''

            """);
        if (Tls is not null) settings += await PrepareTlsAsync(Tls, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Data, "postgresql.conf"), settings, cancellationToken);
    }

    /// <summary>Checked by the client down to the name.</summary>
    public string TlsConnectionString => $"{ConnectionString};SSL Mode=VerifyFull;Root Certificate={Tls?.Authority}";

    /// <summary>It wants its key to belong to itself, so it gets copies.</summary>
    private async Task<string> PrepareTlsAsync(TlsFiles tls, CancellationToken cancellationToken)
    {
        foreach (var (from, to) in ((string, string)[])[(tls.Certificate, "server.crt"), (tls.Key, "server.key")])
        {
            string copy = Path.Combine(Data, to);
            WriteSecret(copy, await File.ReadAllTextAsync(from, cancellationToken));
            if (UnprivilegedUser() is { } owner) await RunAsync(
                new CommandLine(Programs.Require("chown"), [$"{owner.User}:{owner.Group}", copy], Folder), null, cancellationToken);
        }

        return "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\n";
    }

    protected override CommandLine Describe() => Unprivileged(Programs.Require("postgres"), ["-D", Data]);

    protected override async Task<bool> AnswersAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        // Start-up message of protocol 3.0: it answers R (a request to authenticate) when it takes connections, E while it starts.
        var parameters = Encoding.UTF8.GetBytes($"user\0{User}\0database\0{Database}\0\0");
        var message = new byte[8 + parameters.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4), 3 << 16);
        parameters.CopyTo(message, 8);
        await stream.WriteAsync(message, cancellationToken);
        var answer = new byte[1];
        await stream.ReadExactlyAsync(answer, cancellationToken);
        return answer[0] == 'R';
    }

    /// <summary>
    /// After a kill PostgreSQL refuses to start as long as the process number in its lock file exists, even as a zombie that nobody
    /// collects or as another program. The folder's lock is held, so no server of ours is running; once the last process of
    /// the killed one has gone, its file means nothing.
    /// </summary>
    private async Task RemoveStaleLockAsync()
    {
        string file = Path.Combine(Data, "postmaster.pid");
        if (!File.Exists(file)) return;
        if (!await ProcessTree.WaitForEndAsync(ProcessTree.InFolder("postgres", Data), TimeSpan.FromSeconds(30)))
        {
            throw new ServerFailedException($"A PostgreSQL that was not started here runs in {Data}; stop it first.");
        }
        File.Delete(file);
    }

    private async Task CreateClusterAsync(CancellationToken cancellationToken)
    {
        // What an interrupted creation left is of no use.
        if (Directory.Exists(Data)) Directory.Delete(Data, recursive: true);
        Directory.CreateDirectory(Data);
        // In a file of its own for a moment: in a process list anyone could read it.
        string passwordFile = Path.Combine(Folder, "initial-password");
        WriteSecret(passwordFile, Password + "\n");
        try
        {
            if (UnprivilegedUser() is { } owner)
            {
                await RunAsync(new CommandLine(Programs.Require("chown"), [$"{owner.User}:{owner.Group}", Data, passwordFile], Folder),
                    null, cancellationToken);
            }
            await RunAsync(Unprivileged(Programs.Require("initdb"),
                ["-D", Data, "-U", User, "-E", "UTF8", "--no-locale", "--auth=scram-sha-256", $"--pwfile={passwordFile}"]), null,
                    cancellationToken);
        }
        finally
        {
            File.Delete(passwordFile);
        }
        await RunAsync(Unprivileged(Programs.Require("postgres"), ["--single", "-D", Data, "postgres"]),
            $"CREATE DATABASE {Database} TEMPLATE template0;\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Data, "initialized"), "", cancellationToken);
    }

    /// <summary>
    /// PostgreSQL refuses to run as root. Where the data folder lies below one that only root may enter, the other user is given the
    /// right to pass through it, and no other right.
    /// </summary>
    private CommandLine Unprivileged(string program, IReadOnlyList<string> arguments)
    {
        var environment = new Dictionary<string, string?> { ["LC_ALL"] = "C" };
        if (UnprivilegedUser() is not { } account) return new CommandLine(program, arguments, Folder) { Environment = environment };
        string[] pass = OthersMayEnter(Folder) ? [] : ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"];
        return new CommandLine(program, arguments, Folder)
        {
            Prefix = [Programs.Require("setpriv"), $"--reuid={account.User}", $"--regid={account.Group}", "--clear-groups", .. pass],
            Environment = environment,
        };
    }

    private static bool OthersMayEnter(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (!OperatingSystem.IsWindows() && (at.UnixFileMode & UnixFileMode.OtherExecute) == UnixFileMode.None) return false;
        }
        return true;
    }

    /// <summary>Numbers of the user and group to run as; null when this process is not root.</summary>
    private static (string User, string Group)? UnprivilegedUser()
    {
        if (Environment.UserName != "root") return null;
        var accounts = File.ReadAllLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToList();
        foreach (var name in (string[])["postgres", "nobody"])
        {
            if (accounts.Find(fields => fields[0] == name) is { } fields) return (fields[2], fields[3]);
        }
        throw new ServerFailedException("PostgreSQL cannot run as root, and there is neither a user postgres nor nobody to run it as.");
    }
}
