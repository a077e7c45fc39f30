using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Recommender.ServiceDefaults.Settings;

namespace Recommender.ServiceDefaults.Keys;

/// <summary>
/// The configured keys. They are reloaded when the configuration changes, so keys can be added and revoked without a restart. An invalid
/// change is logged and has no effect.
/// </summary>
internal sealed class KeyRing : IDisposable
{
    // PBKDF2 takes tens of milliseconds, so it runs once per key and not per request. The cache contains digests, never keys.
    private const int Remembered = 10_000;
    private readonly Lock _verifying = new();
    private readonly TimeProvider _clock;
    private readonly IDisposable _watch;
    private volatile State _state;
    private volatile bool _required;

    public KeyRing(IConfiguration configuration, TimeProvider clock, ILogger<KeyRing> logger)
    {
        _clock = clock;
        _state = Read(configuration);
        string? file = configuration["KeyFile"];
        _required = _state.Keys.Count > 0 || !string.IsNullOrEmpty(file);
        if (_state.Keys.Count == 0 && _required)
            logger.KeyFileIsEmpty(Path.GetFullPath(file!));
        _watch = ChangeToken.OnChange(configuration.GetReloadToken, () =>
        {
            try
            {
                _state = Read(configuration);
                if (_state.Keys.Count > 0) _required = true;
            }
            catch (InvalidOperationException exception)
            {
                logger.KeysNotReloaded(exception.Message);
            }
        });
    }

    /// <summary>
    /// True when a key or a key file is configured: then every endpoint with a scope requires a key. It stays true when the last key is
    /// removed:
    /// that means "nobody", and must not mean "everybody" for a service that listens beyond loopback.
    /// </summary>
    public bool Required => _required;

    public ApiKey? Find(string presented)
    {
        var state = _state;
        Span<byte> digestBytes = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(presented), digestBytes);
        string digest = Convert.ToBase64String(digestBytes);
        if (state.Seen.TryGetValue(digest, out var known)) return known;
        if (ApiKeys.IdOf(presented) is not { } id || !state.Keys.TryGetValue(id, out var candidate)) return null;

        // One at a time: guesses must not take all cores.
        lock (_verifying)
        {
            if (state.Seen.TryGetValue(digest, out known)) return known;
            var key = ApiKeys.Verify(presented, candidate.Hashed) ? candidate : null;
            if (state.Seen.Count >= Remembered) state.Seen.Clear();
            state.Seen[digest] = key;
            return key;
        }
    }

    public void Dispose() => _watch.Dispose();

    private State Read(IConfiguration configuration)
    {
        var keys = new Dictionary<string, ApiKey>(StringComparer.Ordinal);
        foreach (var section in configuration.GetSection("Keys").GetChildren())
        {
            SettingRules.Require(SettingRules.Problems(section, typeof(ApiKeyEntry)));
            var entry = section.Get<ApiKeyEntry>() ?? new ApiKeyEntry();
            if (section["Scopes"] is { Length: > 0 } list)
                entry.Scopes = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (ApiKeys.IdError(entry.Id) is not null) throw Wrong(section, "Id", $"must be 1 to 32 of a-z, 0-9 and '-'; got '{entry.Id}'");
            if (ApiKeys.ParseHash(entry.Hash) is not { } hashed)
                throw Wrong(section, "Hash",
                    "must be pbkdf2-sha256$iterations$salt$hash. Create the key with the command `keys create`, which writes the entry "
                        + "into a "
                        + "key file");
            if (entry.Scopes.Length == 0 || entry.Scopes.Any(s => !Scopes.All.Contains(s)))
                throw Wrong(section, "Scopes",
                    $"must be one or more of {string.Join(", ", Scopes.All)}; got '{string.Join(',', entry.Scopes)}'");
            SettingRules.Require(SettingRules.Problems(section.Path, entry));
            if (!keys.TryAdd(entry.Id, new ApiKey(entry.Id, hashed, entry.Scopes, entry.RequestsPerSecond, _clock)))
                throw Wrong(section, "Id", $"must be unique; '{entry.Id}' occurs twice");
        }

        return new State(keys.ToFrozenDictionary(StringComparer.Ordinal),
            new ConcurrentDictionary<string, ApiKey?>(StringComparer.Ordinal));
    }

    private static InvalidOperationException Wrong(IConfigurationSection section, string name, string rule) =>
        new($"Setting {section.Path}:{name} {rule}.");

    private sealed record State(FrozenDictionary<string, ApiKey> Keys, ConcurrentDictionary<string, ApiKey?> Seen);
}
