using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>A request is a value: answering it changes neither it nor what a workspace does next.</summary>
public sealed class RepeatedAnswerTests : IAsyncLifetime
{
    private const string Recommendations = """
        {"sessionId":"session","count":12,"explain":true,"reasons":2,"diversity":0.3,"placement":"home","exclude":["item-04","nothing"],
        "history":[{"itemId":"item-01","type":"purchase"},{"itemId":"item-30","type":"view"},{"itemId":"item-01","type":"view"}],
        "filter":{"mustNot":[{"key":"brand","any":["brand-1"]}]},"boosts":[{"filter":{"must":[{"key":"tags","any":["even"]}]},"factor":3}],
        "pins":[{"itemId":"item-50","position":7},{"itemId":"item-02","position":2}]}
        """;

    private static readonly string[] s_rankedIds = ["item-03", "nothing", "item-01", "item-03", "item-59"];
    private RecommendHost _host = null!;
    private ServingState _state = null!;

    public async ValueTask InitializeAsync()
    {
        var store = new InProcessFactorStore();
        await Shop.WithNeighbours.FillAsync(store);
        _host = await RecommendHost.StartAsync(store, ("Placements:home:Filter:Must:0:Key", "price"),
            ("Placements:home:Filter:Must:0:Gte", "1"), ("Placements:home:Boosts:0:Factor", "0.5"),
            ("Placements:home:Boosts:0:Filter:Must:0:Key", "categories"), ("Placements:home:Boosts:0:Filter:Must:0:Any:0", "games"));
        await _host.ServesAsync(1);
        _state = _host.State;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Engine Engine => _host.Services.GetRequiredService<Engine>();

    private RequestReader Reader => _host.Services.GetRequiredService<RequestReader>();

    private Request Parse(string body) => Reader.Read(JsonSerializer.Deserialize(body, ContractsJson.Default.RecommendationRequest)!);

    private static byte[] Value(int number) => Shop.WithNeighbours.User("u" + number, number % 2, [.. Enumerable.Range(0, 1 + number % 7)
        .Select(n => Shop.Bought((number * 7 + n * 3) % Shop.Items, 1 + n, n % 4 == 3 ? 0 : 1))]).Encode();

    /// <summary>Without the id, which no two answers have in common.</summary>
    private static string Json(Workspace workspace, in Answer answer) =>
        Encoding.UTF8.GetString(workspace.Writer.Write(answer, out var id)).Replace(id.ToString(), "", StringComparison.Ordinal);

    private string Recommend(WorkspacePool pool, Request request, byte[] value)
    {
        using var workspace = pool.Rent();
        return Json(workspace, Engine.Recommend(_state, request, new Subject { User = value }, workspace));
    }

    private string Rank(WorkspacePool pool, Request request, byte[] value)
    {
        using var workspace = pool.Rent();
        return Json(workspace, Engine.Rank(_state, request, new Subject { User = value }, workspace));
    }

    private string Similar(WorkspacePool pool, Request request, int item)
    {
        using var workspace = pool.Rent();
        return Json(workspace, Engine.Recommend(_state, request with { Recipe = Sources.Similar }, default, workspace,
            _state.Catalogue.PositionOfId(Shop.IdOf(item))));
    }

    private string List(WorkspacePool pool, Request request, int number)
    {
        string ranking = new[] { Sources.Popular, Sources.Trending, Sources.Latest }[number % 3];
        using var workspace = pool.Rent();
        return Json(workspace, Engine.Recommend(_state, request with { Recipe = ranking }, default, workspace));
    }

    /// <summary>Every kind of answer for a number, each in a workspace of the pool.</summary>
    private string AnswerAll(WorkspacePool pool, Request full, Request plain, Request ranked, int number)
    {
        byte[] value = Value(number);
        return string.Join('\n', Recommend(pool, full, value), Rank(pool, ranked, value), Similar(pool, plain, number % Shop.Items),
            Recommend(pool, plain, value), List(pool, plain, number), Recommend(pool, full, []));
    }

    [Fact]
    public async Task One_request_answered_many_times_at_once_gives_each_user_the_same_answer_as_alone()
    {
        const int Users = 40;
        var (full, plain) = (Parse(Recommendations), Reader.Read("?category=books&category=games&exclude=item-05", RequestForm.List));
        var ranked = Reader.Read(new RankRequest { ItemIds = s_rankedIds, Explain = true });

        // Each alone: freshly parsed requests, in a workspace that nothing was computed in before.
        string[] expected = [.. Enumerable.Range(0, Users).Select(number => AnswerAll(new WorkspacePool(), Parse(Recommendations),
            Reader.Read("?category=books&category=games&exclude=item-05", RequestForm.List),
            Reader.Read(new RankRequest { ItemIds = s_rankedIds, Explain = true }), number))];
        Assert.Equal(Users, expected.Distinct().Count());

        var pool = new WorkspacePool();
        for (int number = 0; number < Users; number++)
            for (int times = 0; times < 2; times++) Assert.Equal(expected[number], AnswerAll(pool, full, plain, ranked, number));
        await Parallel.ForAsync(0, 25 * Users, new ParallelOptions { MaxDegreeOfParallelism = 8 }, (turn, _) =>
        {
            Assert.Equal(expected[turn % Users], AnswerAll(pool, full, plain, ranked, turn % Users));
            return ValueTask.CompletedTask;
        });
    }

    [Fact]
    public void Requests_without_parameters_are_one_object()
    {
        Assert.Same(Reader.Read("", RequestForm.Recommendations), Reader.Read(null, RequestForm.List));
        Assert.NotSame(Reader.Read("", RequestForm.Recommendations), Reader.Read("?count=20", RequestForm.Recommendations));
        Assert.Equal(Reader.Read("", RequestForm.Recommendations), Reader.Read("?count=20", RequestForm.Recommendations));
    }

    [Fact]
    public void A_workspace_that_was_given_back_remembers_nothing()
    {
        var pool = new WorkspacePool();
        var workspace = pool.Rent();
        Json(workspace, Engine.Recommend(_state, Parse(Recommendations), new Subject { User = Value(3) }, workspace));
        Assert.False(workspace.Profile.UsableHistory.IsEmpty);
        workspace.Dispose();
        Assert.True(workspace.Profile.UsableHistory.IsEmpty && workspace.Profile.Factor.IsEmpty && workspace.Profile.Term.Touched.IsEmpty);
        Assert.True(workspace.Eligible.Allowed is null && workspace.Eligible.Excluded.Count == 0 && workspace.Boosts.IsEmpty);
        Assert.Throws<InvalidOperationException>(() => workspace.Draft.AddScored());
        Assert.Same(workspace, pool.Rent());
        Assert.NotSame(workspace, pool.Rent());
    }
}
