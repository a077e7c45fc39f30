using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.Demo;

/// <summary>Makes the items: every shelf holds the same number, in all styles.</summary>
internal static class DemoCatalogue
{
    public const int ItemsPerShelf = 50;

    public static List<DemoItem> Generate(DemoRandom random, DateTimeOffset start)
    {
        var items = new List<DemoItem>(DemoWords.Shelves.Length * ItemsPerShelf);
        var titles = new HashSet<string>();
        for (int s = 0; s < DemoWords.Shelves.Length; s++)
        {
            for (int i = 0; i < ItemsPerShelf; i++) items.Add(Generate(random, start, s, items.Count, titles));
        }

        return items;
    }

    private static DemoItem Generate(DemoRandom random, DateTimeOffset start, int shelfIndex, int number, HashSet<string> titles)
    {
        var shelf = DemoWords.Shelves[shelfIndex];
        int styleIndex;
        string title, brand, colour;
        do
        {
            styleIndex = random.Next(DemoWords.Styles.Length);
            var style = DemoWords.Styles[styleIndex];
            colour = random.Pick(DemoWords.Colours);
            if (shelf.Department == DemoWords.Books)
            {
                // An author writes in one style, so that the style of a book can be learned from its author.
                int author = random.Next(DemoWords.Authors.Length);
                styleIndex = author % DemoWords.Styles.Length;
                brand = DemoWords.Authors[author];
                title = $"{random.Pick(DemoWords.BookBeginnings)} {random.Pick(shelf.Things)}{random.Pick(DemoWords.BookEnds)}";
            }
            else
            {
                brand = random.Pick(style.Brands);
                title = $"{brand} {random.Pick(style.Words)} {random.Pick(shelf.Things)}, {colour}";
            }
        }
        while (!titles.Add(title));

        double level = random.Next();
        double price = Math.Floor(shelf.Price * DemoWords.Styles[styleIndex].PriceFactor * (0.5 + level)) + 0.95;
        double draw = random.Next();
        double publishedDay = random.Chance(0.15) ? random.Between(0, DemoData.Days - 1) : -random.Between(1, 400);
        bool inStock = !random.Chance(0.02);
        var item = new Item
        {
            ItemId = $"P{number + 1:0000}",
            Title = title,
            Categories = [shelf.Department, shelf.Name],
            Tags = shelf.Department == DemoWords.Books ? [DemoWords.Styles[styleIndex].Name]
            : [DemoWords.Styles[styleIndex].Name, colour.ToLowerInvariant()],
            Properties = new Dictionary<string, JsonElement>
            {
                ["price"] = JsonSerializer.SerializeToElement(price),
                [shelf.Department == DemoWords.Books ? "author" : "brand"] = JsonSerializer.SerializeToElement(brand),
                ["inStock"] = JsonSerializer.SerializeToElement(inStock),
            },
            Available = inStock,
            PublishedAt = start.AddMinutes(Math.Floor(publishedDay * 24 * 60)),
        };
        return new DemoItem(item, shelfIndex, styleIndex, level, 0.3 + 3 * draw * draw * draw * draw, publishedDay);
    }
}
