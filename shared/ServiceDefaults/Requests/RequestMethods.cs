using Microsoft.AspNetCore.Http;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>Properties of methods (RFC 9110, 9.2.1).</summary>
internal static class RequestMethods
{
    /// <summary>Whether the method is safe, that is, changes nothing.</summary>
    public static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}
