using System.Text.Json;

namespace Recommender.Contracts;

/// <summary>Turns exceptions of the serializer into messages in terms of JSON, without names of .NET types.</summary>
public static class JsonErrors
{
    private const string NotConverted = "The JSON value could not be converted to ";
    private const string WholeNumber = "a whole number";
    private const string TrueOrFalse = "true or false";

    /// <summary>The wrong field and the reason.</summary>
    public static FieldError Describe(JsonException exception)
    {
        string field = exception.Path is { Length: > 1 } path ? path[1..].TrimStart('.') : "";
        return new FieldError(field, exception is InvalidFieldException ? exception.Message : Reason(exception));
    }

    private static string Reason(JsonException exception)
    {
        string message = exception.Message;
        if (message.StartsWith("Duplicate propert", StringComparison.Ordinal)) return Twice(Quoted(message), exception.Path);
        if (message.StartsWith("The JSON property ", StringComparison.Ordinal)) return Unknown(message);
        int required = message.IndexOf("missing required properties", StringComparison.Ordinal);
        if (required >= 0) return Quoted(message[required..]) is { } missing ? $"lacks '{missing}'" : "lacks a required field";
        if (message.Contains("maximum", StringComparison.Ordinal) && message.Contains("depth", StringComparison.Ordinal))
            return $"is nested deeper than {Limits.JsonDepth} levels";
        if (exception.InnerException is InvalidOperationException inner && inner.Message.Contains("UTF-16", StringComparison.Ordinal))
            return "is not valid Unicode";
        if (message.StartsWith(NotConverted, StringComparison.Ordinal)) return WrongType(exception);
        return $"is not valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}";
    }

    private static string Twice(string? name, string? path) =>
        name is null || path?.EndsWith(name, StringComparison.Ordinal) == true ? "occurs twice" : $"has '{name}' twice";

    private static string Unknown(string message)
    {
        string typeName = message[(message.LastIndexOf("type '", StringComparison.Ordinal) + 6)..].TrimEnd('.', '\'');
        var properties = ContractType(typeName) is { } type ? ContractsJson.Default.GetTypeInfo(type)?.Properties : null;
        if (properties is null) return "is not a field of this object";
        return $"is not a field here; the fields are {string.Join(", ", properties.Select(property => property.Name))}";
    }

    private static string WrongType(JsonException exception)
    {
        string message = exception.Message;
        int end = message.IndexOf(". Path: ", StringComparison.Ordinal);
        string name = message[NotConverted.Length..(end < 0 ? message.Length : end)];
        string? type = TypeOfField(name, exception.Path) is { } known ? Word(known) : Word(name);
        type ??= exception.InnerException?.Message switch
        {
            { } text when text.EndsWith("as a string.", StringComparison.Ordinal) => "a text",
            { } text when text.EndsWith("as a boolean.", StringComparison.Ordinal) => TrueOrFalse,
            { } text when text.EndsWith("as a number.", StringComparison.Ordinal) => "a number",
            _ => null,
        };
        if (type is null) return "has the wrong type";
        if (type == TrueOrFalse) return "is neither true nor false";
        if (type == WholeNumber && exception.InnerException is FormatException)
            return $"is not a whole number from {int.MinValue} to {int.MaxValue}";
        return "is not " + type;
    }

    /// <summary>Type of the field's value. For a nullable field the serializer reports the type of the object instead.</summary>
    private static Type? TypeOfField(string typeName, string? path)
    {
        if (ContractType(typeName) is not { } type) return null;
        string field = path is null ? "" : path[(path.LastIndexOf('.') + 1)..];
        return ContractsJson.Default.GetTypeInfo(type)?.Properties.FirstOrDefault(property => property.Name == field)?.PropertyType ?? type;
    }

    private static Type? ContractType(string name) => typeof(JsonErrors).Assembly.GetType(name);

    private static string? Word(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum) return "one of " + string.Join(", ", Enum.GetNames(type));
        return type.Assembly == typeof(JsonErrors).Assembly ? "an object" : Word(type.ToString());
    }

    private static string? Word(string typeName) => typeName switch
    {
        "System.Int32" or "System.Int64" => WholeNumber,
        "System.Single" or "System.Double" => "a number",
        "System.Boolean" => TrueOrFalse,
        "System.String" => "a text",
        _ when typeName.Contains("Dictionary`2", StringComparison.Ordinal) => "an object",
        _ when typeName.Contains("List`1", StringComparison.Ordinal) || typeName.EndsWith("[]", StringComparison.Ordinal) => "an array",
        _ => null,
    };

    private static string? Quoted(string message)
    {
        int start = message.IndexOf('\'', StringComparison.Ordinal) + 1;
        int end = start > 0 ? message.IndexOf('\'', start) : -1;
        return end > start ? message[start..end] : null;
    }
}
