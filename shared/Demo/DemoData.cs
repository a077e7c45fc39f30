using Recommender.Contracts;

namespace Recommender.Demo;

/// <summary>
/// The demonstration: a shop with a few thousand items, customers with tastes, and what they did during some months. The same on every
/// machine
/// for the same end of the period.
/// </summary>
internal sealed class DemoData
{
    public const int Users = 1500;

    /// <summary>Length of the period, in days.</summary>
    public const int Days = 120;

    private const ulong Seed = 20_240_229;

    /// <summary>Days before the end in which some items are in fashion.</summary>
    private const int FashionDays = 8;

    private readonly DemoRandom _random = new(Seed);
    private readonly DateTimeOffset _start;
    private readonly List<Interaction> _events = [];
    private readonly List<DemoItem> _items;
    private readonly int[] _fashionable;

    private DemoData(DateTimeOffset end)
    {
        _start = end.AddDays(-Days);
        _items = DemoCatalogue.Generate(_random, _start);
        _fashionable = Enumerable.Range(0, 60).Select(_ => _random.Next(_items.Count)).Distinct().ToArray();
        for (int user = 0; user < Users; user++) AddUser($"{DemoWords.FirstNames[user % DemoWords.FirstNames.Length]}-{user + 1}");

        // Ids by time, so that they read like those of a live shop.
        Events = _events.OrderBy(e => e.OccurredAt).ThenBy(e => e.UserId, StringComparer.Ordinal)
            .Select((e, i) => e with { EventId = $"demo-{i + 1}" }).ToList();
    }

    public IReadOnlyList<Item> Items => _items.ConvertAll(i => i.Item);

    /// <summary>In time order.</summary>
    public IReadOnlyList<Interaction> Events { get; }

    /// <param name="end">End of the period: everything happened before.</param>
    public static DemoData Generate(DateTimeOffset end) => new(end);

    private void AddUser(string userId)
    {
        var taste = new Taste(_random, _items);
        var fashion = new double[_fashionable.Length];
        double sum = 0;
        for (int i = 0; i < fashion.Length; i++) fashion[i] = sum += taste.WeightOf(_fashionable[i]);

        // Few customers come often: the square of a uniform number.
        double activity = _random.Next();
        int sessions = 3 + (int)(19 * activity * activity);
        double firstDay = _random.Between(0, Days * 0.6);
        var bought = new HashSet<int>();
        for (int s = 0; s < sessions; s++)
        {
            double day = _random.Between(firstDay, Days);
            AddSession(userId, $"{userId}-s{s + 1}", Math.Floor(day), taste, fashion, bought);
        }
    }

    private void AddSession(string userId, string sessionId, double day, Taste taste, double[] fashion, HashSet<int> bought)
    {
        // Between 7 and 22 o'clock, and never after the end.
        var at = _start.AddDays(day).AddMinutes(7 * 60 + _random.Next(15 * 60));
        int views = 2 + _random.Next(7);
        int? shelf = null;
        for (int v = 0; v < views; v++)
        {
            int item = Choose(day, shelf, taste, fashion);
            if (item < 0) continue;
            shelf = _items[item].Shelf;
            at = at.AddSeconds(15 + _random.Next(150));
            Add("view", null);
            double liking = taste.LikingOf(item);
            if (_random.Chance(0.006 + 0.05 * (1 - liking) * (1 - liking)))
            {
                at = at.AddSeconds(5 + _random.Next(20));
                Add("dislike", null);
                continue;
            }

            if (bought.Contains(item) || !_random.Chance(0.1 + 0.5 * liking)) continue;
            at = at.AddSeconds(20 + _random.Next(60));
            Add("cart", null);
            if (!_random.Chance(0.35 + 0.4 * liking)) continue;
            at = at.AddSeconds(40 + _random.Next(200));
            int quantity = _random.Chance(0.85) ? 1 : 2 + _random.Next(3);
            Add("purchase", quantity);
            bought.Add(item);
            var back = at.AddDays(3 + _random.Next(14)).AddMinutes(_random.Next(300));
            if (_random.Chance(0.12 - 0.1 * liking) && back < _start.AddDays(Days)) Add("return", quantity, back);

            void Add(string type, double? value, DateTimeOffset? time = null) => _events.Add(new Interaction
            {
                UserId = userId,
                SessionId = sessionId,
                ItemId = _items[item].Item.ItemId,
                Type = type,
                Value = value,
                OccurredAt = time ?? at,
            });
        }
    }

    /// <summary>An item that is there on that day: often of the shelf looked at before, else by taste, lately also by fashion. −1: nothing
    /// found.</summary>
    private int Choose(double day, int? shelf, Taste taste, double[] fashion)
    {
        bool stay = shelf is not null && _random.Chance(0.45);
        bool inFashion = !stay && day >= Days - FashionDays && _random.Chance(0.3);
        for (int attempt = 0; attempt < 50; attempt++)
        {
            int item = inFashion ? _fashionable[_random.PickByWeight(fashion)] : taste.Draw(_random, stay ? shelf : null);
            if (_items[item].PublishedDay <= day && _items[item].Item.Available) return item;
        }

        return -1;
    }

    /// <summary>What a customer likes: shelves and styles of one or two personas, and a price level.</summary>
    private sealed class Taste
    {
        private readonly double[] _runningSums;
        private readonly double[] _likings;

        public Taste(DemoRandom random, List<DemoItem> items)
        {
            var shelves = new double[DemoWords.Shelves.Length];
            var styles = new double[DemoWords.Styles.Length];
            Array.Fill(shelves, 0.12);
            Array.Fill(styles, 0.3);
            Like(random.Pick(DemoWords.Personas), 6);
            Like(random.Pick(DemoWords.Personas), 2.5);
            double purse = random.Next();

            void Like(DemoWords.Persona persona, double strength)
            {
                for (int i = 0; i < persona.Shelves.Length; i++)
                    shelves[Array.FindIndex(DemoWords.Shelves, s => s.Name == persona.Shelves[i])] += strength * random.Between(0.4,
                        1.6) / (1 + 0.3 * i);
                for (int i = 0; i < persona.Styles.Length; i++)
                    styles[Array.FindIndex(DemoWords.Styles, s => s.Name == persona.Styles[i])] += strength * random.Between(0.4,
                        1.6) / (1 + 0.5 * i);
            }

            _runningSums = new double[items.Count];
            _likings = new double[items.Count];
            double sum = 0, most = 0;
            for (int i = 0; i < items.Count; i++)
            {
                double distance = items[i].PriceLevel - purse;
                double liking = shelves[items[i].Shelf] * styles[items[i].Style] / (1 + 4 * distance * distance);
                _likings[i] = liking;
                most = Math.Max(most, liking);
                _runningSums[i] = sum += liking * items[i].Appeal;
            }

            for (int i = 0; i < _likings.Length; i++) _likings[i] = Math.Sqrt(_likings[i] / most);
        }

        /// <summary>0 (nothing for them) to 1 (just what they like).</summary>
        public double LikingOf(int item) => _likings[item];

        public double WeightOf(int item) => _runningSums[item] - (item == 0 ? 0 : _runningSums[item - 1]);

        public int Draw(DemoRandom random, int? shelf)
        {
            if (shelf is not { } s) return random.PickByWeight(_runningSums);
            int first = s * DemoCatalogue.ItemsPerShelf;
            double before = first == 0 ? 0 : _runningSums[first - 1];
            Span<double> own = stackalloc double[DemoCatalogue.ItemsPerShelf];
            for (int i = 0; i < own.Length; i++) own[i] = _runningSums[first + i] - before;
            return first + random.PickByWeight(own);
        }
    }
}
