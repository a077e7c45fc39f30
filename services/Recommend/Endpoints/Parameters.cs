using System.Globalization;
using Recommender.Contracts;
using Recommender.Recommend.Requests;

namespace Recommender.Recommend.Endpoints;

internal static class Parameters
{
    /// <summary>The parameter <c>count</c>, the only one its endpoint takes.</summary>
    public static int Count(HttpContext context, int defaultCount)
    {
        int count = defaultCount;
        foreach (var (name, values) in context.Request.Query)
        {
            if (name != "count") throw RequestReader.Wrong(name, "is not a parameter of this request");
            if (!int.TryParse(values, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count > Limits.RecommendationCount)
                throw RequestReader.Wrong("count", $"must be a whole number from 0 to {Limits.RecommendationCount}");
        }

        return count;
    }
}
