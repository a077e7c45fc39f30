using System.Collections;
using System.Text.Json;

namespace Recommender.AppHost;

/// <summary>
/// The administrator's key of the host itself, for the commands of the dashboard. It exists if services require keys: with
/// <c>--require-keys</c>, or where the environment configures keys. Without either, services on loopback require none, and the host needs
/// none.
/// </summary>
internal sealed class AdminKey
{
    private const string Id = "apphost";

    private AdminKey(string secret, IReadOnlyDictionary<string, string> settings)
    {
        Secret = secret;
        Settings = settings;
    }

    /// <summary>The key as callers present it.</summary>
    public string Secret { get; }

    /// <summary>Environment variables that make services accept it.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>Null if services require no key. Key and key file are in the data folder, readable by their owner only.</summary>
    public static async Task<AdminKey?> ForAsync(HostOptions options, CancellationToken cancellationToken)
    {
        bool configured = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => (string)variable.Key)
            .Any(name => name.Equals("KeyFile", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("Keys__", StringComparison.OrdinalIgnoreCase));
        if (!configured && !options.RequireKeys) return null;

        string keyFile = Path.Combine(options.Data, "keys.json"), secretFile = Path.Combine(options.Data, "admin-key");
        if (!File.Exists(secretFile) || !File.Exists(keyFile)) await CreateAsync(keyFile, secretFile, cancellationToken);
        string secret = (await File.ReadAllTextAsync(secretFile, cancellationToken)).Trim();
        // Keys of the environment are numbered, and a key file overrides equal numbers. This key therefore has a name instead of a number.
        var settings = configured ? await EntryAsync(keyFile, cancellationToken) : new Dictionary<string, string> { ["KeyFile"] = keyFile };
        return new AdminKey(secret, settings);
    }

    private static async Task CreateAsync(string keyFile, string secretFile, CancellationToken cancellationToken)
    {
        // What an interrupted creation left has no secret any more.
        if (File.Exists(keyFile) && await HasEntryAsync(keyFile, cancellationToken))
        {
            await RunAsync(["keys", "remove", "--id", Id, "--file", keyFile], cancellationToken);
        }
        string secret = await RunAsync(["keys", "create", "--id", Id, "--scopes", "admin", "--file", keyFile], cancellationToken);
        PrivateFile.Write(secretFile, secret + "\n");
    }

    /// <summary>The command line tool knows the format of keys.</summary>
    private static Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        CliCommand.RunAsync(arguments, new Dictionary<string, string>(), null, cancellationToken);

    private static async Task<bool> HasEntryAsync(string keyFile, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(keyFile, cancellationToken));
        return Entries(json).Any();
    }

    private static IEnumerable<JsonElement> Entries(JsonDocument keyFile) =>
        keyFile.RootElement.GetProperty("keys").EnumerateArray().Where(key => key.GetProperty("id").GetString() == Id);

    private static async Task<IReadOnlyDictionary<string, string>> EntryAsync(string keyFile, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(keyFile, cancellationToken));
        var entry = Entries(json).First();
        return new Dictionary<string, string>
        {
            [$"Keys__{Id}__Id"] = Id,
            [$"Keys__{Id}__Hash"] = entry.GetProperty("hash").GetString()!,
            [$"Keys__{Id}__Scopes"] = "admin",
        };
    }
}
