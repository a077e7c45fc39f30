using Recommender.Contracts;

namespace Recommender.Recommend;

/// <summary>What an answer can be made of: recommendations, or one of the lists that <see cref="Sources"/> names.</summary>
internal static class Recipes
{
    /// <summary>Items for a user, a session or a history.</summary>
    public const string Recommendations = "recommendations";

    /// <summary>Whether the list is that of one item, which the request has to name.</summary>
    public static bool NeedItem(string recipe) => recipe is Sources.Similar or Sources.Together;

    /// <summary>Whether the list consists of items that the user has seen.</summary>
    public static bool ListsSeen(string recipe) => recipe is Sources.Again or Sources.Recent;
}
