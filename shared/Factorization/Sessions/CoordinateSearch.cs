using System.Globalization;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Sessions;

/// <summary>
/// Tries one setting after another, each with the best values so far. The objective is the product of hit rate and mean reciprocal rank.
/// </summary>
internal static class CoordinateSearch
{
    /// <summary>The sum of the logarithms of hit rate and reciprocal rank, so that a per cent of either is worth the same.</summary>
    public static double Objective(NextItemResult result) =>
        Math.Log(Math.Max(result.HitRate, 1e-9)) + Math.Log(Math.Max(result.Mrr, 1e-9));

    /// <param name="part">Name of what is searched, for <paramref name="progress"/>.</param>
    /// <param name="start">Where the search starts.</param>
    /// <param name="changes">One list of candidates per setting, made from the best so far.</param>
    /// <param name="judge">The result of a candidate.</param>
    public static T Improve<T>(
        string part, T start, Func<T, IEnumerable<IEnumerable<(string Name, T Settings)>>> changes, Func<T, NextItemResult> judge,
        Action<SessionTrial>? progress)
    {
        var (best, bestResult) = (start, judge(start));
        progress?.Invoke(new SessionTrial(part, "start", bestResult, true));
        for (int setting = 0; ; setting++)
        {
            // Asked again for each setting, so that its values are combined with the best of those before it.
            var values = changes(best).Skip(setting).FirstOrDefault();
            if (values is null) return best;
            foreach (var (name, candidate) in values)
            {
                if (Equals(candidate, best)) continue;
                var result = judge(candidate);
                bool isBest = Objective(result) > Objective(bestResult);
                if (isBest) (best, bestResult) = (candidate, result);
                progress?.Invoke(new SessionTrial(part, name, result, isBest));
            }
        }
    }

    /// <summary>A candidate for each value of one setting.</summary>
    public static (string Name, T Settings)[] Values<T>(string name, double[] values, Func<double, T> change) =>
        [.. values.Select(v => (string.Create(CultureInfo.InvariantCulture, $"{name}={v}"), change(v)))];

    /// <summary>At most so many cases, evenly chosen.</summary>
    public static NextItemCase[] Sample(IReadOnlyList<NextItemCase> cases, int most)
    {
        int count = Math.Min(cases.Count, most);
        return [.. Enumerable.Range(0, count).Select(n => cases[(int)((long)n * cases.Count / count)])];
    }
}
