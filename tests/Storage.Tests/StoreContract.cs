using Recommender.Contracts;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;
using Xunit;

namespace Recommender.Storage.Tests;

/// <summary>What every store must do. Inherited by one class per database.</summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    protected static DateTimeOffset T0 => new(2024, 3, 1, 12, 0, 0, TimeSpan.Zero);
    protected static readonly StatisticsSettings Settings = new();

    protected IStore Store { get; private set; } = null!;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Another connection to the same, migrated database.</summary>
    protected abstract Task<IStore> OpenAsync(StatisticsSettings? settings = null);

    /// <summary>Makes an empty database.</summary>
    protected abstract Task CreateAsync();

    protected abstract Task DropAsync();

    public async ValueTask InitializeAsync()
    {
        await CreateAsync();
        Store = await OpenAsync();
        await Store.MigrateAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Store is not null) await Store.DisposeAsync();
        await DropAsync();
    }

    protected static Interaction Event(string id, string user, string item, string type = "view", double? value = null,
        DateTimeOffset? at = null) =>
        new() { EventId = id, UserId = user, ItemId = item, Type = type, Value = value, OccurredAt = at ?? T0 };

    /// <summary>Popularity and trend of users who count at these times.</summary>
    protected static (double Popularity, double Trend) Sums(params IEnumerable<DateTimeOffset> times) => times.Aggregate(
        (Popularity: double.NegativeInfinity, Trend: double.NegativeInfinity),
        (sums, at) => (StatisticsSettings.AddTrends(sums.Popularity, Settings.PopularityOf(at)),
            StatisticsSettings.AddTrends(sums.Trend, Settings.TrendOf(at))));

    /// <summary>Checks an item's statistics against the times at which its users count.</summary>
    protected static void AssertCounts(CatalogueEntry item, params DateTimeOffset[] times)
    {
        Assert.Equal((item.ItemId, times.Length), (item.ItemId, item.Users));
        var (popularity, trend) = Sums(times);
        if (times.Length == 0) Assert.Equal((popularity, trend), (item.Popularity, item.Trend));
        Assert.True(times.Length == 0 || (Math.Abs(popularity - item.Popularity) < 1e-6 && Math.Abs(trend - item.Trend) < 1e-6),
            $"{item.ItemId}: {item.Popularity} and {item.Trend} in place of {popularity} and {trend}");
    }

    protected static Interaction SessionEvent(string id, string session, string item, DateTimeOffset? at = null) =>
        new() { EventId = id, SessionId = session, ItemId = item, Type = "view", OccurredAt = at ?? T0 };

    protected async Task<UserEvents> HistoryAsync(int key) => Assert.Single(await Store.ReadUserEventsAsync([key], Stop));

    protected async Task<StoredBatch> PutAsync(params Interaction[] events) => await Store.StoreInteractionsAsync(events, Stop);

    /// <summary>Saves one more stage of an erasure.</summary>
    protected async Task CompleteAsync(string erasureId, string stage, DateTimeOffset at)
    {
        var erasure = (await Store.ReadErasureAsync(erasureId, Stop))!;
        Assert.True(await Store.SaveErasureAsync(
            erasure with { Stages = new Dictionary<string, DateTimeOffset>(erasure.Stages) { [stage] = at } }, Stop));
    }

    /// <summary>Saves the last stage but the model, and forgets the user.</summary>
    protected async Task CloseErasureAsync(string erasureId, DateTimeOffset at)
    {
        await CompleteAsync(erasureId, "queues", at);
        Assert.True(await Store.SaveErasureAsync((await Store.ReadErasureAsync(erasureId, Stop))! with { UserId = null, DueAt = null },
            Stop));
    }

    /// <summary>The whole history as readable text, in order.</summary>
    protected async Task<string> ReadableAsync(string user) =>
        string.Join(' ', (await Store.ExportUserAsync(user, Stop))!.Events.Select(e => $"{e.EventId}:{e.ItemId}"));
}
