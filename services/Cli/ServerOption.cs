using System.CommandLine;

namespace Recommender.Cli;

/// <summary>The options of a command that calls a running server, and the client for them.</summary>
internal static class ServerOption
{
    /// <summary>Environment variable with the API key.</summary>
    public const string KeyVariable = "RECOMMENDER_KEY";

    public static Option<Uri> Create(string name, string description) => new(name)
    {
        Description = $"{description}, e.g. http://127.0.0.1:8080.",
        HelpName = "URL",
        Required = true,
        CustomParser = result =>
        {
            if (result.Tokens is [var token] && Uri.TryCreate(token.Value, UriKind.Absolute, out var uri)
                && uri.Scheme is "http" or "https")
            {
                return uri;
            }
            result.AddError($"{name} is not an address such as http://127.0.0.1:8080.");
            return null;
        },
    };

    /// <summary>A client of the server, with the key of the environment.</summary>
    public static HttpClient Connect(Uri server)
    {
        var client = new HttpClient { BaseAddress = new Uri(server.AbsoluteUri.TrimEnd('/') + "/") };
        if (Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key) client.DefaultRequestHeaders.Add("X-API-Key", key);
        return client;
    }
}
