using Microsoft.AspNetCore.Http;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>What methods promise (RFC 9110, 9.2.1).</summary>
internal static class RequestMethods
{
    /// <summary>True for methods that change nothing: no endpoint of the product changes anything on a GET.</summary>
    public static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}
