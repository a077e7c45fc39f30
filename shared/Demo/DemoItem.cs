using Recommender.Contracts;

namespace Recommender.Demo;

/// <summary>An item of the demonstration with what the customers' choices depend on.</summary>
/// <param name="Shelf">Position in <see cref="DemoWords.Shelves"/>.</param>
/// <param name="Style">Position in <see cref="DemoWords.Styles"/>.</param>
/// <param name="PriceLevel">0 (cheap for its shelf) to 1.</param>
/// <param name="Appeal">How much anyone likes it, above 0.</param>
/// <param name="PublishedDay">Day of the period on which it came; negative: before it.</param>
internal sealed record DemoItem(Item Item, int Shelf, int Style, double PriceLevel, double Appeal, double PublishedDay);
