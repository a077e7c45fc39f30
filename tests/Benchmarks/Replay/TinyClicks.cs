namespace Recommender.Benchmarks.Replay;

/// <summary>Generated sessions of a small shop: after an item mostly the next of its shelf.</summary>
internal static class TinyClicks
{
    private const int Shelves = 8, ItemsPerShelf = 6;

    public static ReplayData Generate()
    {
        var random = new Random(7);
        var rows = new List<ReplayData.Row>();
        for (int session = 0; session < 250; session++)
        {
            int shelf = random.Next(Shelves), place = random.Next(ItemsPerShelf);
            long start = 1_400_000_000_000 + session * 120_000;
            for (int click = 0; click < 4; click++)
            {
                rows.Add(new ReplayData.Row(start + click * 10_000, $"u{session}", null, $"item-{shelf}-{place}", "click", null));
                place = (place + (random.Next(4) == 0 ? 2 : 1)) % ItemsPerShelf;
            }
        }

        return ReplayData.Number(rows);
    }
}
