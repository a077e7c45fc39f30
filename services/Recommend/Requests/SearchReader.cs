using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Requests;

/// <summary>Makes a <see cref="Request"/> of a search. What it has in common with other requests is read by
/// <see cref="RequestReader"/>.</summary>
internal sealed class SearchReader(RequestReader reader)
{
    /// <summary>Reads the query string of <c>GET /v1/search</c>.</summary>
    /// <exception cref="ProblemException">A parameter is wrong.</exception>
    public Request Read(string? queryString)
    {
        string? query = null, userId = null;
        bool? includeSeen = null;
        int? suggestions = null;
        var facets = new List<string>();
        var rest = new StringBuilder();
        foreach (var pair in new QueryStringEnumerable(queryString ?? ""))
        {
            switch (pair.EncodedName.Span)
            {
                case "q":
                    query = pair.DecodeValue().ToString();
                    break;
                case "userId":
                    userId = pair.DecodeValue().ToString();
                    if (Limits.IdError(userId) is { } error) throw RequestReader.Wrong("userId", error);
                    break;
                case "includeSeen":
                    includeSeen = RequestReader.Flag(pair.EncodedValue.Span, "includeSeen");
                    break;
                case "facet":
                    facets.Add(pair.DecodeValue().ToString());
                    break;
                case "suggestions":
                    suggestions = int.TryParse(pair.EncodedValue.Span, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                        ? number : -1;
                    break;
                case "reasons":
                    throw RequestReader.Wrong("reasons", "is not a parameter of this request");
                default:
                    rest.Append(rest.Length == 0 ? '?' : '&').Append(pair.EncodedName.Span).Append('=').Append(pair.EncodedValue.Span);
                    break;
            }
        }

        var request = reader.Read(rest.ToString(), RequestForm.UserList, Sources.Search) with { UserId = userId };
        return WithSearch(request, query, includeSeen, facets, "facet", suggestions);
    }

    /// <summary>Reads the body of <c>POST /v1/search</c>.</summary>
    /// <exception cref="ProblemException">A field is wrong.</exception>
    public Request Read(SearchRequest body)
    {
        var request = reader.Read(new RecommendationRequest
        {
            UserId = body.UserId,
            SessionId = body.SessionId,
            History = body.History,
            Count = body.Count,
            Filter = body.Filter,
            Boosts = body.Boosts,
            Pins = body.Pins,
            Exclude = body.Exclude,
            Explain = body.Explain,
            Placement = body.Placement,
            Cursor = body.Cursor,
        }, Sources.Search);
        return WithSearch(request, body.Q, body.IncludeSeen, body.Facets ?? [], "facets", body.Suggestions);
    }

    private static Request WithSearch(Request request, string? query, bool? includeSeen, IReadOnlyList<string> facets, string facetField,
        int? suggestions)
    {
        if (query is null) throw RequestReader.Wrong("q", "is required");
        if (Encoding.UTF8.GetByteCount(query) > Limits.SearchQueryBytes)
            throw RequestReader.Wrong("q", $"has more than {Limits.SearchQueryBytes} bytes");
        if (facets.Count > Limits.SearchFacets)
            throw RequestReader.Wrong(facetField, $"has {facets.Count} entries; at most {Limits.SearchFacets} are allowed");
        foreach (string key in facets)
            if (Limits.NameError(key) is { } error) throw RequestReader.Wrong(facetField, error);
        if (suggestions is < 0 or > Limits.SearchSuggestions)
            throw RequestReader.Wrong("suggestions", $"must be a whole number from 0 to {Limits.SearchSuggestions}");
        return request with
        {
            Query = query,
            Facets = facets,
            Suggestions = suggestions ?? 0,
            IncludeSeen = includeSeen ?? request.Placement?.IncludeSeen ?? true,
        };
    }
}
