namespace Recommender.Benchmarks.Baskets;

/// <summary>One order: each item once, in the order of its lines.</summary>
/// <param name="Customer">Dense index. An order without a customer is a customer of its own.</param>
internal sealed record Basket(long TimeMs, int Customer, (int Item, double Quantity)[] Lines);
