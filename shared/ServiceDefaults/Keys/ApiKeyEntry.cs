using System.ComponentModel.DataAnnotations;

namespace Recommender.ServiceDefaults.Keys;

/// <summary>A configured key, under <c>Keys:N</c>. It has a salted hash instead of the key.</summary>
public sealed class ApiKeyEntry
{
    /// <summary>
    /// 1 to 32 characters of a–z, 0–9 and '-'. The id is part of the key, so an unknown key is compared with one hash only.
    /// </summary>
    public string Id { get; set; } = "";

    /// <summary><c>pbkdf2-sha256$iterations$salt$hash</c>, with salt and hash in base64.</summary>
    public string Hash { get; set; } = "";

    /// <summary>Scopes of the key, from <see cref="Recommender.ServiceDefaults.Keys.Scopes.All"/>.</summary>
    public string[] Scopes { get; set; } = [];

    /// <summary>Sustained rate. Bursts of twice as many requests are allowed.</summary>
    [Range(1, int.MaxValue)]
    public int RequestsPerSecond { get; set; } = 10_000;
}
