using System.Text.Json;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Cli.Tests;

public sealed class KeysCommandTests
{
    [Fact]
    public async Task A_key_is_shown_once_kept_as_a_hash_and_can_be_removed()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "keys.json");
        var (code, key, _) = await RunAsync("keys", "create", "--id", "shop", "--scopes", "ingest,read", "--file", file);
        Assert.Equal(0, code);
        Assert.StartsWith("rk_shop_", key);
        string kept = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains("pbkdf2-sha256", kept);
        Assert.DoesNotContain(key.Trim(), kept);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        Assert.Equal(1, (await RunAsync("keys", "create", "--id", "shop", "--scopes", "read", "--file", file)).Code);
        Assert.Equal(1, (await RunAsync("keys", "create", "--id", "SHOP", "--scopes", "read", "--file", file)).Code);
        Assert.Equal(1, (await RunAsync("keys", "create", "--id", "other", "--scopes", "everything", "--file", file)).Code);
        Assert.Equal(kept, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));

        Assert.Equal(0, (await RunAsync("keys", "remove", "--id", "shop", "--file", file)).Code);
        Assert.Equal(1, (await RunAsync("keys", "remove", "--id", "shop", "--file", file)).Code);
        Assert.DoesNotContain("pbkdf2", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_hash_can_be_copied_out_of_the_file_as_it_stands_there()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "keys.json");
        // Nearly every second hash holds a '+', which JSON need not escape.
        for (int i = 0; i < 12; i++) await RunAsync("keys", "create", "--id", $"key-{i}", "--scopes", "read", "--file", file);
        string kept = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(kept);
        var entries = json.RootElement.GetProperty("keys").EnumerateArray().ToList();
        Assert.Equal(12, entries.Count);
        Assert.All(entries, entry => Assert.Contains($"\"{entry.GetProperty("hash").GetString()}\"", kept, StringComparison.Ordinal));
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await CommandLine.RunAsync(args, output, error, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
