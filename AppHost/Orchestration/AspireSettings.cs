using System.Security.Cryptography;
using Recommender.LocalServers;

namespace Recommender.AppHost.Orchestration;

/// <summary>
/// What a launch profile would set for Aspire, as arguments of its configuration. The environment goes before most of them.
/// </summary>
internal sealed class AspireSettings
{
    private readonly Dictionary<string, string> _settings = [];

    public AspireSettings(HostOptions options)
    {
        if (options.IsPublishing) return;
        // In development the dashboard gets telemetry every second instead of every minute.
        Set("environment", "Development", "DOTNET_ENVIRONMENT");
        // The dashboard's address, which has an option; in the environment this name means that of some web server.
        _settings["ASPNETCORE_URLS"] = $"http://127.0.0.1:{Ports.Near(options.DashboardPort)}";
        Set("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", $"http://127.0.0.1:{Ports.Near(18_889)}");
        Set("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", $"http://127.0.0.1:{Ports.Near(18_890)}");
        Set("ASPIRE_ALLOW_UNSECURED_TRANSPORT", "true");
        Set("ASPIRE_DASHBOARD_TELEMETRY_OPTOUT", "true");
        Set("ASPIRE_VERSION_CHECK_DISABLED", "true");
        // Generated here, they are not kept among the user's secrets.
        Set("AppHost:OtlpApiKey", RandomNumberGenerator.GetHexString(32, lowercase: true));
        Set("AppHost:DashboardApiKey", RandomNumberGenerator.GetHexString(32, lowercase: true));
    }

    public IEnumerable<string> Arguments => _settings.Select(setting => $"--{setting.Key}={setting.Value}");

    private void Set(string name, string value, string? variable = null)
    {
        variable ??= name.Replace(":", "__", StringComparison.Ordinal);
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable))) _settings[name] = value;
    }
}
