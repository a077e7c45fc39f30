using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Recommender.ServiceDefaults.Settings;

public static class SettingsExtensions
{
    /// <summary>
    /// Binds a configuration section to a class, registers an instance, and validates it by its data annotations before the host starts.
    /// May be called several times per process.
    /// </summary>
    /// <remarks>
    /// If a setting is invalid, the start fails with an <see cref="OptionsValidationException"/>; see <see cref="SettingRules"/> for its
    /// message.
    /// </remarks>
    public static IHostApplicationBuilder AddSettings<T>(this IHostApplicationBuilder builder, string section)
        where T : class, new()
    {
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(SectionValidator<T>))) return builder;
        services.AddSingleton(new SectionValidator<T>(section));
        services.AddSingleton<IValidateOptions<T>>(provider => provider.GetRequiredService<SectionValidator<T>>());
        services.AddOptions<T>().Configure<IConfiguration>((settings, configuration) => Bind(configuration.GetSection(section), settings))
            .ValidateOnStart();
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<T>>().Value);
        return builder;
    }

    /// <summary>Binds the section.</summary>
    /// <exception cref="OptionsValidationException">A text cannot be converted.</exception>
    public static void Bind<T>(IConfigurationSection section, T settings)
        where T : class
    {
        var problems = SettingRules.Problems(section, typeof(T)).ToList();
        if (problems.Count > 0) throw new OptionsValidationException(section.Path, typeof(T), problems);
        section.Bind(settings);
    }

    private sealed class SectionValidator<T>(string section) : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options) =>
            SettingRules.Problems(section, options).ToList() is [_, ..] problems
                ? ValidateOptionsResult.Fail(problems)
                : ValidateOptionsResult.Success;
    }
}
