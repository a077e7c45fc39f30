using Microsoft.AspNetCore.Http;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>The framework's message about an endpoint's parameter, without .NET types.</summary>
internal static class BindingProblem
{
    private const string NotBound = "Failed to bind parameter \"";

    /// <summary>Null for an exception of another kind. The framework writes <c>Failed to bind parameter "TYPE NAME" from
    /// "VALUE".</c></summary>
    public static Problem? Of(BadHttpRequestException exception)
    {
        string message = exception.Message;
        int end = message.IndexOf("\" from ", StringComparison.Ordinal);
        if (!message.StartsWith(NotBound, StringComparison.Ordinal) || end < 0) return null;
        string[] parameter = message[NotBound.Length..end].Split(' ');
        return Problem.InvalidField(parameter[^1], parameter[0] switch
        {
            "int" or "long" or "Nullable<int>" or "Nullable<long>" => "is not a whole number",
            "double" or "Nullable<double>" => "is not a number",
            "bool" or "Nullable<bool>" => "is neither true nor false",
            _ => "is not valid",
        });
    }
}
