using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Recommender.Factorization.Events;

namespace Recommender.ServiceDefaults;

/// <summary>The configuration section <c>EventTypes</c>, which all services share.</summary>
public static class EventTypes
{
    private const string Section = "EventTypes";
    private static readonly string[] s_names = [.. typeof(EventTypeSettings).GetProperties().Where(property => property.CanWrite)
        .Select(property => property.Name)];

    /// <summary>Registers <see cref="EventWeights"/> once per process.</summary>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static void AddEventTypes(this WebApplicationBuilder builder) => builder.Services.TryAddSingleton(Read(builder.Configuration));

    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static EventWeights Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        foreach (var setting in section.GetChildren().SelectMany(type => type.GetChildren())) Check(setting);
        var types = section.Get<Dictionary<string, EventTypeSettings>>() ?? [];
        foreach (var (name, settings) in types)
            if (settings.Error() is { } error) throw new InvalidOperationException($"Setting {Section}:{name}: {error}.");
        return EventWeights.Create(types);
    }

    private static void Check(IConfigurationSection setting)
    {
        if (!s_names.Contains(setting.Key, StringComparer.OrdinalIgnoreCase))
            throw new InvalidOperationException(
                $"Setting {setting.Path} is not a setting of an event type; those are {string.Join(", ", s_names)}.");
        CheckWord<ValueUse>(setting, nameof(EventTypeSettings.Value));
        CheckWord<EventCombination>(setting, nameof(EventTypeSettings.Combine));
        CheckWord<NegativeValueUse>(setting, nameof(EventTypeSettings.NegativeValue));
    }

    private static void CheckWord<T>(IConfigurationSection setting, string name)
        where T : struct, Enum
    {
        if (!setting.Key.Equals(name, StringComparison.OrdinalIgnoreCase) || string.IsNullOrEmpty(setting.Value)) return;
        if (!Enum.GetNames<T>().Contains(setting.Value, StringComparer.OrdinalIgnoreCase))
            throw new InvalidOperationException(
                $"Setting {setting.Path} is '{setting.Value}'; it must be {string.Join(" or ", Enum.GetNames<T>())}.");
    }
}
