namespace Recommender.Benchmarks.Baskets;

/// <summary>One item of each order is given, the others are to be found.</summary>
internal sealed class BasketQuestions
{
    private const int K = 20;

    private readonly List<(int Asked, HashSet<int> Others)> _questions = [];

    /// <param name="baskets">Orders of one item are left out.</param>
    /// <param name="seed">Of the choice of the item that is given.</param>
    public BasketQuestions(IEnumerable<Basket> baskets, int seed)
    {
        var random = new Random(seed);
        foreach (var basket in baskets.Where(basket => basket.Lines.Length > 1))
        {
            int asked = basket.Lines[random.Next(basket.Lines.Length)].Item;
            _questions.Add((asked, [.. basket.Lines.Select(line => line.Item).Where(item => item != asked)]));
        }
    }

    public int Count => _questions.Count;

    /// <summary>Mean share of the other items that are among the best 20, ties by index.</summary>
    /// <param name="score">Scores of items for one item; items with a score of 0 or less are not listed.</param>
    public double Judge(Func<int, IEnumerable<(int Item, double Score)>> score)
    {
        var lists = new Dictionary<int, int[]>();
        double sum = 0;
        foreach (var (asked, others) in _questions)
        {
            if (!lists.TryGetValue(asked, out var list))
            {
                lists[asked] = list = [.. score(asked).Where(entry => entry.Score > 0 && entry.Item != asked)
                    .OrderByDescending(entry => entry.Score).ThenBy(entry => entry.Item).Take(K).Select(entry => entry.Item)];
            }

            sum += list.Count(others.Contains) / (double)others.Count;
        }

        return sum / Math.Max(Count, 1);
    }
}
