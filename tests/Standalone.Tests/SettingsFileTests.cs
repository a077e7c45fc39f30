using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Recommender.Encoders.Text;
using Recommender.Factorization.Events;
using Recommender.Ingest;
using Recommender.Insights;
using Recommender.Messaging;
using Recommender.Recommend;
using Recommender.ServiceDefaults.Keys;
using Recommender.ServiceDefaults.Settings;
using Recommender.TestKit;
using Recommender.Trainer;
using Xunit;

namespace Recommender.Standalone.Tests;

/// <summary>The settings files of the services document every setting with its default, and nothing else.</summary>
public sealed class SettingsFileTests
{
    private static readonly Dictionary<string, Type> s_sections = new()
    {
        [IngestOptions.Section] = typeof(IngestOptions),
        [InsightsOptions.Section] = typeof(InsightsOptions),
        [TrainerOptions.Section] = typeof(TrainerOptions),
        [RecommendOptions.Section] = typeof(RecommendOptions),
        [MessagingOptions.Section] = typeof(MessagingOptions),
        [TextEncoderOptions.Section] = typeof(TextEncoderOptions),
    };

    /// <summary>Sections whose entries have names of the user's choice: the comments document what an entry may hold.</summary>
    private static readonly Dictionary<string, Type?> s_named = new()
    {
        ["EventTypes"] = typeof(EventTypeSettings),
        ["Placements"] = typeof(Placement),
        ["Keys"] = typeof(ApiKeyEntry),
        ["services"] = null,
    };

    public static TheoryData<string, string[]> Files => new()
    {
        { "Ingest", ["Ingest", "Messaging", "EventTypes", "ConnectionStrings", "Data", "KeyFile", "Keys", "Cors"] },
        { "Insights", ["Insights", "Messaging", "EventTypes", "ConnectionStrings", "Data", "KeyFile", "Keys", "Cors"] },
        { "Trainer", ["Trainer", "TextEncoder", "Messaging", "EventTypes", "ConnectionStrings", "Data", "KeyFile", "Keys", "Cors"] },
        {
            "Recommend",
            ["Recommend", "TextEncoder", "Placements", "Messaging", "EventTypes", "ConnectionStrings", "KeyFile", "Keys", "Cors"]
        },
        { "Console", ["services", "KeyFile", "Keys", "Cors"] },
        {
            "Standalone",
            [
                "Ingest", "Trainer", "Recommend", "TextEncoder", "Insights", "Placements", "Messaging", "EventTypes", "KeyFile", "Keys",
                "Cors",
            ]
        },
    };

    [Theory, MemberData(nameof(Files))]
    public void A_settings_file_has_every_setting_with_its_default_and_no_other(string service, string[] sections)
    {
        using var file = JsonDocument.Parse(TextOf(service), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        Assert.Equal(sections, file.RootElement.EnumerateObject().Select(section => section.Name));
        foreach (var section in file.RootElement.EnumerateObject().Where(section => s_sections.ContainsKey(section.Name)))
        {
            var type = s_sections[section.Name];
            Assert.Equal(Defaults(type), section.Value.EnumerateObject().ToDictionary(s => s.Name, s => s.Value.ToString()));
        }
    }

    [Theory, MemberData(nameof(Files))]
    public void A_settings_file_can_be_loaded_and_changes_nothing(string service, string[] sections)
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(PathOf(service)).Build();
        foreach (string section in sections.Where(s_sections.ContainsKey))
        {
            object settings = Activator.CreateInstance(s_sections[section])!;
            Assert.Empty(SettingRules.Problems(configuration.GetSection(section), s_sections[section]));
            configuration.GetSection(section).Bind(settings);
            Assert.Empty(SettingRules.Problems(section, settings));
        }

        foreach (string section in sections.Where(s_named.ContainsKey)) Assert.Empty(configuration.GetSection(section).GetChildren());
        Assert.Empty(configuration.GetSection("Cors:Origins").GetChildren());
        Assert.All(configuration.GetSection("ConnectionStrings").GetChildren(), server => Assert.Equal("", server.Value));
        Assert.True(string.IsNullOrEmpty(configuration["KeyFile"]));
    }

    [Theory, MemberData(nameof(Files))]
    public void Comments_document_the_settings_of_named_entries(string service, string[] sections)
    {
        string text = TextOf(service);
        foreach (string section in sections)
        {
            if (s_named.GetValueOrDefault(section) is not { } type) continue;
            foreach (var property in Settable(type).Where(property => property.Name != nameof(Placement.Name)))
                Assert.Contains($"\"{property.Name}\": ", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Each_service_gets_its_own_file_and_not_that_of_a_service_it_contains() =>
        Assert.Equal(TextOf("Standalone"), File.ReadAllText(Path.Combine(DataSets.RepositoryRoot, "services/Standalone/bin",
            new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0/appsettings.json")));

    private static string PathOf(string service) => Path.Combine(DataSets.RepositoryRoot, "services", service, "appsettings.json");

    private static string TextOf(string service) => File.ReadAllText(PathOf(service));

    private static Dictionary<string, string> Defaults(Type type)
    {
        object defaults = Activator.CreateInstance(type)!;
        return Settable(type).ToDictionary(
            property => property.Name, property => Convert.ToString(property.GetValue(defaults), CultureInfo.InvariantCulture)!);
    }

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true });
}
