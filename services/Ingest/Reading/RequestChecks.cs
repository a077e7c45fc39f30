using Recommender.Contracts;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Reading;

/// <summary>Checks that endpoints have in common.</summary>
internal static class RequestChecks
{
    /// <summary>Whether the body is one element, not an array.</summary>
    public static bool IsObject(ReadOnlySpan<byte> body)
    {
        int first = body.IndexOfAnyExcept(" \t\r\n"u8);
        return first >= 0 && body[first] != (byte)'[';
    }

    /// <summary>A parameter of the query that is true or false; false where it is left out.</summary>
    /// <exception cref="ProblemException">It has another value.</exception>
    public static bool QueryFlag(HttpContext context, string name)
    {
        var values = context.Request.Query[name];
        if (values.Count == 0) return false;
        return bool.TryParse(values.ToString(), out bool value) ? value
            : throw new ProblemException(Problem.InvalidField(name, "is neither true nor false"));
    }

    /// <exception cref="ProblemException">There is an error.</exception>
    public static void ThrowIfInvalid(FieldError? error)
    {
        if (error is not null) throw new ProblemException(Problem.InvalidField(error.Field, error.Error));
    }

    /// <exception cref="ProblemException">The content type is none for JSON in UTF-8.</exception>
    public static void ThrowIfNotJson(HttpContext context, string expected)
    {
        if (!RequestReading.IsJson(context.Request.ContentType))
            throw new ProblemException(RequestReading.UnsupportedType(context.Request.ContentType, expected));
    }
}
