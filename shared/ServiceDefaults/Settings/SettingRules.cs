using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Recommender.ServiceDefaults.Settings;

/// <summary>
/// Validates settings by the data annotations of their class. A problem is a sentence with the setting, the rule and the value: <c>Setting
/// Ingest:GroupBytes must be between 1024 and 8388608; got 7.</c>
/// </summary>
public static class SettingRules
{
    /// <summary>The problems of bound values.</summary>
    /// <param name="path">Configuration section, e.g. <c>Ingest</c>.</param>
    public static IEnumerable<string> Problems(string path, object settings) =>
        from property in SettingsOf(settings.GetType())
        let value = property.GetValue(settings)
        from rule in property.GetCustomAttributes<ValidationAttribute>()
        where !rule.IsValid(value)
        select Problem($"{path}:{property.Name}", RuleOf(rule), value);

    /// <summary>
    /// The problems of texts that cannot be bound, because they are not a number, a boolean or a value of the enumeration.
    /// </summary>
    public static IEnumerable<string> Problems(IConfigurationSection section, Type type)
    {
        foreach (var property in SettingsOf(type))
        {
            if (section[property.Name] is not { } text) continue;
            var wanted = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            bool isLeftOut = text.Length == 0 && wanted != property.PropertyType;
            if (isLeftOut || WordOf(wanted) is not { } word || IsReadable(wanted, text)) continue;
            string rule = property.GetCustomAttributes<ValidationAttribute>().Select(RuleOf).FirstOrDefault() ?? $"must be {word}";
            yield return Problem($"{section.Path}:{property.Name}", rule, text);
        }
    }

    /// <exception cref="InvalidOperationException">There is a problem; the message is the first one.</exception>
    public static void Require(IEnumerable<string> problems)
    {
        if (problems.FirstOrDefault() is { } problem) throw new InvalidOperationException(problem);
    }

    /// <summary>Text of a rule, such as <c>must be between 1 and 7</c>.</summary>
    internal static string RuleOf(ValidationAttribute rule) => rule switch
    {
        RangeAttribute { Maximum: int.MaxValue or >= (double)long.MaxValue } range => $"must be {Text(range.Minimum)} or more",
        RangeAttribute { MinimumIsExclusive: true } range => $"must be above {Text(range.Minimum)} and at most {Text(range.Maximum)}",
        RangeAttribute range => $"must be between {Text(range.Minimum)} and {Text(range.Maximum)}",
        AllowedValuesAttribute allowed => $"must be {string.Join(" or ", allowed.Values.Where(value => value is not null))}",
        _ => rule.ErrorMessage ?? throw new InvalidOperationException($"{rule.GetType().Name} needs an error message."),
    };

    private static IEnumerable<PropertyInfo> SettingsOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true });

    private static string Problem(string setting, string rule, object? value) => $"Setting {setting} {rule}; got {Text(value)}.";

    private static string Text(object? value) => value switch
    {
        null or "" => "nothing",
        double number => number.ToString("0.###############", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string? WordOf(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(int) || type == typeof(long) ? "a whole number"
        : type == typeof(double) ? "a number"
        : null;

    private static bool IsReadable(Type type, string text)
    {
        try
        {
            // The configuration binder uses the same conversion.
            TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text);
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return false;
        }
    }
}
