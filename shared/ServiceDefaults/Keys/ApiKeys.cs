using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Recommender.ServiceDefaults.Keys;

/// <summary>Creates and verifies keys: <c>rk_ID_SECRET</c> with 256 random bits, hashed by PBKDF2-HMAC-SHA256.</summary>
public static class ApiKeys
{
    private const int Iterations = 100_000;

    /// <summary>Creates a key, to be shown once, and its entry, to be stored.</summary>
    /// <exception cref="ArgumentException">The id or a scope is not valid.</exception>
    public static (string Key, ApiKeyEntry Entry) Create(string id, IReadOnlyList<string> scopes, int requestsPerSecond = 10_000)
    {
        if (IdError(id) is { } error) throw new ArgumentException(error, nameof(id));
        if (scopes.Count == 0 || scopes.Any(s => !Scopes.All.Contains(s)))
            throw new ArgumentException($"Scopes are one or more of {string.Join(", ", Scopes.All)}.", nameof(scopes));
        string secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        string key = $"rk_{id}_{secret}";
        byte[] salt = RandomNumberGenerator.GetBytes(16);
        byte[] hash = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(key), salt, Iterations, HashAlgorithmName.SHA256, 32);
        string text = string.Create(
            CultureInfo.InvariantCulture, $"pbkdf2-sha256${Iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
        return (key, new ApiKeyEntry { Id = id, Hash = text, Scopes = [.. scopes], RequestsPerSecond = requestsPerSecond });
    }

    /// <summary>
    /// Adds an entry to a key file (setting <c>KeyFile</c>), which only its owner can read. Running services reload the file.
    /// </summary>
    /// <exception cref="InvalidOperationException">The file is not a key file, or has a key with this id.</exception>
    public static void AddToFile(string path, ApiKeyEntry entry)
    {
        var entries = ReadFile(path);
        if (entries.Any(e => e.Id == entry.Id))
            throw new InvalidOperationException($"{path} has a key '{entry.Id}' already. Choose another id, or remove that key first.");
        WriteFile(path, [.. entries, entry]);
    }

    /// <summary>Removes a key from a key file. False if there is no key with this id.</summary>
    /// <exception cref="InvalidOperationException">The file is not a key file.</exception>
    public static bool RemoveFromFile(string path, string id)
    {
        var entries = ReadFile(path);
        if (!entries.Any(e => e.Id == id)) return false;
        WriteFile(path, [.. entries.Where(e => e.Id != id)]);
        return true;
    }

    private static IReadOnlyList<ApiKeyEntry> ReadFile(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ServiceJson.Default.KeyFile)?.Keys ?? [];
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"{path} is not a key file: line {e.LineNumber + 1} is not valid.", e);
        }
    }

    private static void WriteFile(string path, IReadOnlyList<ApiKeyEntry> entries)
    {
        // Written to a second file, which then replaces the first. A concurrent reader sees either the old or the new content.
        string part = path + ".part";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // Operators may copy a hash to other settings, so the '+' of base64 is not escaped.
        using (var stream = new FileStream(part, options))
        using (var json = new Utf8JsonWriter(stream,
            new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            JsonSerializer.Serialize(json, new KeyFile(entries), ServiceJson.Default.KeyFile);
        File.Move(part, path, overwrite: true);
    }

    internal static string? IdError(string? id) =>
        id is { Length: > 0 and <= 32 } && id.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-') ? null
        : "A key's id is 1 to 32 of a-z, 0-9 and '-'.";

    internal static string? IdOf(string key)
    {
        if (key.Length is < 8 or > 256 || !key.StartsWith("rk_", StringComparison.Ordinal)) return null;
        int end = key.IndexOf('_', 3);
        return end > 3 ? key[3..end] : null;
    }

    internal static bool Verify(string key, HashedKey hashed)
    {
        byte[] actual = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(key), hashed.Salt, hashed.Iterations, HashAlgorithmName.SHA256,
            hashed.Hash.Length);
        return CryptographicOperations.FixedTimeEquals(actual, hashed.Hash);
    }

    /// <summary>Null for a text that <see cref="Create"/> cannot have created.</summary>
    internal static HashedKey? ParseHash(string text)
    {
        string[] parts = text.Split('$');
        if (parts.Length != 4 || parts[0] != "pbkdf2-sha256"
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int iterations)
            || iterations is < 10_000 or > 10_000_000) return null;
        try
        {
            var hashed = new HashedKey(iterations, Convert.FromBase64String(parts[2]), Convert.FromBase64String(parts[3]));
            return hashed.Salt.Length >= 8 && hashed.Hash.Length >= 32 ? hashed : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
