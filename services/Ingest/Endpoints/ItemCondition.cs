using Microsoft.Net.Http.Headers;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Endpoints;

/// <summary>Conditional requests on one item (RFC 9110, section 13).</summary>
internal static class ItemCondition
{
    /// <summary>
    /// The tags of <c>If-Match</c> without quotes, <c>*</c> for any; null without the header. The comparison is strong, so weak tags are
    /// left out. A header with weak tags only gives an empty list, which no item matches.
    /// </summary>
    /// <exception cref="ProblemException">The header is malformed. Ignoring it would overwrite the item that it protects.</exception>
    public static IReadOnlyList<string>? Read(HttpRequest request)
    {
        if (request.Headers.IfMatch.Count == 0) return null;
        if (!EntityTagHeaderValue.TryParseStrictList(request.Headers.IfMatch, out var tags))
            throw new ProblemException(Problem.InvalidField("If-Match", "is neither * nor a list of entity tags in quotes"));
        if (tags.Contains(EntityTagHeaderValue.Any)) return ["*"];
        // An asterisk in quotes is an ordinary tag, which no item has.
        var strong = tags.Where(tag => !tag.IsWeak && tag.Tag != "\"*\"");
        return [.. strong.Select(tag => tag.Tag.Subsegment(1, tag.Tag.Length - 2).ToString())];
    }

    /// <summary>False if <c>If-None-Match</c> has the item's tag or <c>*</c>. The comparison is weak.</summary>
    public static bool NoneMatches(HttpRequest request, string tag)
    {
        var header = request.Headers.IfNoneMatch;
        if (header.Count == 0 || !EntityTagHeaderValue.TryParseStrictList(header, out var tags)) return true;
        return !tags.Any(candidate => candidate.Equals(EntityTagHeaderValue.Any) || candidate.Tag == tag);
    }
}
