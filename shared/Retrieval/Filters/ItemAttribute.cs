namespace Recommender.Retrieval.Filters;

/// <summary>
/// One value of one item: <c>categories</c> "home", <c>price</c> 2.55. Under one key an item may have several texts, but only one number.
/// </summary>
public readonly record struct ItemAttribute(string Key, AttributeValue Value);
