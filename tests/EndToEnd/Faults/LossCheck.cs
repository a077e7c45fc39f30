using System.Globalization;
using Npgsql;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>
/// Compares accepted events (202) with stored ones, event by event. A control test shows that it can fail: <see cref="ControlTests"/>.
/// </summary>
internal static class LossCheck
{
    /// <param name="Lost">Answered 202 and not stored.</param>
    /// <param name="Twice">Stored more than once.</param>
    /// <param name="Unknown">Stored and never sent.</param>
    public sealed record Report(int Accepted, IReadOnlyList<string> Lost, IReadOnlyList<string> Twice, IReadOnlyList<string> Unknown)
    {
        public void AssertNothingLost() => Assert.True(Lost.Count + Twice.Count + Unknown.Count == 0,
            $"Of {Accepted} events {Lost.Count} are lost ({string.Join(", ", Lost.Take(5))}), {Twice.Count} stored twice "
                + $"({string.Join(", ", Twice.Take(5))}), {Unknown.Count} stored that were never sent "
                + $"({string.Join(", ", Unknown.Take(5))}).");
    }

    public static async Task<Report> CompareAsync(IEnumerable<string> accepted, string postgres)
    {
        var stored = new List<string>();
        await using var source = NpgsqlDataSource.Create(postgres);
        await using var command = source.CreateCommand("SELECT event_id FROM events");
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await rows.ReadAsync(TestContext.Current.CancellationToken)) stored.Add(rows.GetString(0));

        var expected = accepted.ToHashSet(StringComparer.Ordinal);
        var distinct = stored.ToHashSet(StringComparer.Ordinal);
        return new Report(expected.Count, [.. expected.Except(distinct)],
            [.. stored.GroupBy(id => id).Where(group => group.Count() > 1).Select(group => group.Key)], [.. distinct.Except(expected)]);
    }

    /// <summary>What each user is recommended.</summary>
    public static async Task<Dictionary<string, UserAnswer>> AnswersAsync(ServiceProcess recommend)
    {
        var api = new Api(recommend.Client);
        var answers = new Dictionary<string, UserAnswer>();
        foreach (string user in Producer.UserIds)
        {
            var answer = await api.GetAsync($"/v1/users/{user}/recommendations?count=10&explain=true");
            answers[user] = new UserAnswer(answer.GetProperty("source").GetString()!, answer.GetProperty("items"));
        }

        return answers;
    }

    /// <summary>Trains on everything, releases the result whatever the gate says, and waits until every instance serves it. Returns the
    /// version.</summary>
    public static async Task<long> TrainAsync(Api api, IEnumerable<ServiceProcess> recommends)
    {
        long before = await NewestAsync(api);
        long version = before;
        Assert.Equal(System.Net.HttpStatusCode.Accepted, await api.PostAsync("/v1/models", ""));
        await Eventually.TrueAsync(async () => (version = await NewestAsync(api)) > before
            && await api.TryGetAsync("/v1/status") is { } status
            && status.GetProperty("training").GetString() == "idle", TimeSpan.FromMinutes(2), "a model is trained");
        Assert.Equal(System.Net.HttpStatusCode.OK,
            await api.PostAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/models/{version}/release"), ""));
        foreach (var recommend in recommends)
            await Eventually.TrueAsync(async () => await new Api(recommend.Client).TryGetAsync("/v1/serving") is { } serving
                && serving.TryGetProperty("modelVersion", out var served)
                && served.GetInt64() == version, what: $"{recommend.Address} serves version {version}");
        return version;
    }

    private static async Task<long> NewestAsync(Api api) =>
        (await api.GetAsync("/v1/models")).GetProperty("models").EnumerateArray().Select(model => model.GetProperty("version").GetInt64())
        .DefaultIfEmpty(0).Max();
}
