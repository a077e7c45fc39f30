using System.ComponentModel.DataAnnotations;

namespace Recommender.ServiceDefaults.Keys;

/// <summary>
/// A key as it is configured, under <c>Keys:N</c>: never the key itself, only its salted hash.
/// </summary>
public sealed class ApiKeyEntry
{
    /// <summary>1 to 32 of a–z, 0–9 and '-'. Part of the key, so that one hash is computed per unknown key, not one per configured
    /// key.</summary>
    public string Id { get; set; } = "";

    /// <summary><c>pbkdf2-sha256$iterations$salt$hash</c>, the last two in base64.</summary>
    public string Hash { get; set; } = "";

    /// <summary>Of <see cref="Recommender.ServiceDefaults.Keys.Scopes.All"/>.</summary>
    public string[] Scopes { get; set; } = [];

    /// <summary>Sustained rate. Twice as many may come at once.</summary>
    [Range(1, int.MaxValue)]
    public int RequestsPerSecond { get; set; } = 10_000;
}
