using Microsoft.Extensions.Options;
using Recommender.ServiceDefaults;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>Settings that break a rule stop the start with one line that names the setting, the rule and the value.</summary>
public sealed class SettingsTests
{
    [Theory]
    [InlineData("Ingest:GroupBytes", "7", "must be between 1024 and 8388608; got 7.")]
    [InlineData("Ingest:GroupBytes", "a lot", "must be between 1024 and 8388608; got a lot.")]
    [InlineData("Ingest:GroupBytes", "99999999999", "must be between 1024 and 8388608; got 99999999999.")]
    [InlineData("Ingest:BacklogBytes", "8388607", "must be 8388608 or more; got 8388607.")]
    [InlineData("Ingest:QueueMessagesLimit", "-1", "must be 0 or more; got -1.")]
    [InlineData("Ingest:QueueCheckEverySeconds", "0", "must be between 0.01 and 3600; got 0.")]
    [InlineData("Ingest:AcceptedLagAlarmSeconds", "NaN", "must be between 0 and 86400; got NaN.")]
    [InlineData("Messaging:PublishTimeoutSeconds", "0.05", "must be between 0.1 and 600; got 0.05.")]
    [InlineData("Messaging:PrefetchMessages", "65536", "must be between 1 and 65535; got 65536.")]
    [InlineData("Messaging:DeliveryLimit", "0", "must be 1 or more; got 0.")]
    [InlineData("Messaging:MaxRetryDelaySeconds", "", "must be between 0.05 and 600; got nothing.")]
    public async Task A_setting_out_of_range_is_named_with_rule_and_value(string key, string value, string rule)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => IngestHost.StartAsync(settings: new() { [key] = value }));
        Assert.Equal($"Setting {key} {rule}", error.Message);
    }

    [Theory]
    [InlineData("--Ingest:GroupBytes=7", "Setting Ingest:GroupBytes must be between 1024 and 8388608; got 7.")]
    [InlineData("--urls=http://0.0.0.0:0", "Setting urls (ASPNETCORE_URLS) = http://0.0.0.0:0 listens beyond loopback, but no API keys")]
    [InlineData("--ConnectionStrings:rabbitmq=nowhere", "ConnectionStrings:rabbitmq")]
    public async Task A_program_that_cannot_start_ends_with_one_line(string argument, string reason)
    {
        using var folder = new TempFolder();
        using var error = new StringWriter();
        int code = await ServiceProgram.RunAsync(["--urls=http://127.0.0.1:0", $"--Data:Directory={folder.Path}", argument], error,
            "ingest",
            IngestService.AddIngest, IngestService.MapIngest);
        Assert.Equal(1, code);
        string line = Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("The service ingest cannot start: ", line);
        Assert.Contains(reason, line);
    }

    [Fact]
    public async Task The_bounds_themselves_are_allowed_and_settings_take_effect()
    {
        await using var host = await IngestHost.StartAsync(settings: new()
        {
            ["Ingest:GroupBytes"] = "1024",
            ["Ingest:BacklogBytes"] = "8388608",
            ["Ingest:QueueMessagesLimit"] = "0",
            ["Ingest:AcceptedLagAlarmSeconds"] = "0.5",
        });
        var options = host.Get<IngestOptions>();
        Assert.Equal((1024, 8_388_608, 0, 0.5),
            (options.GroupBytes, options.BacklogBytes, options.QueueMessagesLimit, options.AcceptedLagAlarmSeconds));
    }
}
