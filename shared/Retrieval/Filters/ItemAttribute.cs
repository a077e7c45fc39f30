namespace Recommender.Retrieval.Filters;

/// <summary>One value of one item: <c>categories</c> "home", <c>price</c> 2.55. An item may have several texts under a key, but one
/// number.</summary>
public readonly record struct ItemAttribute(string Key, AttributeValue Value);
