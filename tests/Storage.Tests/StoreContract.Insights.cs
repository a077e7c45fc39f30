using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Storage.Insights;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    private static DateTimeOffset Later => T0.AddDays(10);

    [Fact]
    public async Task Answers_and_outcomes_are_counted_once_in_the_hour_of_the_answer()
    {
        var (first, second) = (Served(s_ann, T0, 1, 2, 3), Served(s_ann, T0.AddMinutes(10), 1));
        await StoreServedAsync(first, second);
        await StoreServedAsync(first);
        Assert.True(await AddAsync(null, 4, Click(1, first, 1), Click(2, first, 2), Purchase(3, first, 2, 5), Click(4, second, 1)));
        // What follows a day later belongs to the hour of its answer too; 9 was not in the answer.
        Assert.True(await AddAsync(4, 6, Purchase(5, first, 1, 1), Click(6, second, 9)));
        // The same events again, as after a kill: they have been counted.
        Assert.False(await AddAsync(null, 4, Click(1, first, 1)));
        Assert.Equal(6, await Store.GetAttributedSequenceAsync(Stop));

        // Each answer stands for four.
        var figures = Assert.Single(await FiguresAsync());
        Assert.Equal(new Figures
        {
            Hour = (int)(T0.ToUnixTimeSeconds() / 3600),
            Placement = "home",
            Kind = AnswerKind.Similar,
            Source = Sources.Session,
            ModelVersion = 7,
            Recorded = 2,
            Answers = 8,
            Items = 16,
            Clicks = 12,
            ClickedAnswers = 8,
            Conversions = 8,
            ConvertedAnswers = 4,
            Value = 24,
            ValueSquares = 4 * 36,
        }, figures);
        Assert.Equal([8.0, 4, 4], await Store.ReadShowingsAsync(T0, T0, "home", Stop));
        Assert.Empty(await Store.ReadShowingsAsync(T0.AddDays(1), Later, null, Stop));
        Assert.Empty(await Store.ReadFiguresAsync(T0.AddHours(1), Later, null, Stop));
        Assert.Empty(await Store.ReadFiguresAsync(T0, Later, "elsewhere", Stop));
    }

    [Fact]
    public async Task An_outcome_waits_for_its_answer_for_some_time()
    {
        var (answer, never) = (Served(s_ann, T0, 1), Served(s_ann, T0, 1));
        Assert.True(await AddAsync(null, 2, Click(1, answer, 1), Click(2, never, 1)));
        await StoreServedAsync(answer);
        Assert.Equal(4, Assert.Single(await FiguresAsync()).Clicks);
        Assert.Equal(0, await Store.RemoveOpenOutcomesAsync(Later.AddMinutes(-1), Stop));
        Assert.Equal(1, await Store.RemoveOpenOutcomesAsync(Later.AddMinutes(1), Stop));
        await StoreServedAsync(never);
        Assert.Equal(4, Assert.Single(await FiguresAsync()).Clicks);
    }

    [Fact]
    public async Task Prepared_answers_are_counted_and_not_shown()
    {
        var answer = Served(s_ann, T0, 1, 2);
        answer.Kind = AnswerKind.Batch;
        await StoreServedAsync(answer);
        Assert.Equal((AnswerKind.Batch, 4.0), ((await FiguresAsync())[0].Kind, (await FiguresAsync())[0].Answers));
        Assert.Empty(await Store.ReadShowingsAsync(T0, Later, null, Stop));
    }

    [Fact]
    public async Task Figures_stay_when_their_answers_go()
    {
        var (mine, other) = (Served(s_ann, T0, 1), Served(UserRef.User("bob"), T0, 1));
        await StoreServedAsync(mine, other);
        await AddAsync(null, 2, Click(1, mine, 1), Click(2, other, 1));
        var before = await FiguresAsync();
        var receipt = (await Store.EraseUserAsync("ann", "erasure", T0.AddDays(1), Stop)).Receipt;
        Assert.Contains("insights", receipt.Stages.Keys);
        Assert.Equal(before, await FiguresAsync());
        // A further outcome of the other's answer is not its first.
        await AddAsync(2, 3, Click(3, other, 1));
        await Store.RemoveServedBeforeAsync(Later, Stop);
        Assert.Equal((12.0, 8.0), (Assert.Single(await FiguresAsync()).Clicks, Assert.Single(await FiguresAsync()).ClickedAnswers));
    }

    [Fact]
    public async Task Events_are_read_for_attribution_as_their_producers_sent_them()
    {
        await PutAsync(Event("e-1", "ann", "a", "purchase", 2.5) with { RecommendationId = "r-1", SessionId = "visit" },
            SessionEvent("e-2", "visit", "b", T0.AddMinutes(1)));
        var events = await Store.ReadAttributionEventsAsync(0, 10, 10, Stop);
        Assert.Equal([(1L, s_ann, "visit", 2.5, T0.ToUnixTimeMilliseconds(), "r-1")], events.Take(1)
            .Select(e => (e.Sequence, e.Subject, e.SessionId!, e.Value, e.AtMs, e.RecommendationId!)));
        Assert.Equal((2L, s_visit, true, null), (events[1].Sequence, events[1].Subject, double.IsNaN(events[1].Value),
            events[1].RecommendationId));
        Assert.Equal([2L], (await Store.ReadAttributionEventsAsync(1, 10, 10, Stop)).Select(e => e.Sequence));
        Assert.Equal([1L], (await Store.ReadAttributionEventsAsync(0, 1, 10, Stop)).Select(e => e.Sequence));
    }

    [Fact]
    public async Task Figures_and_outcomes_are_in_a_backup()
    {
        var (answer, open) = (Served(s_ann, T0, 1), Served(s_ann, T0, 1));
        await StoreServedAsync(answer);
        await AddAsync(null, 2, Click(1, answer, 1), Click(2, open, 1));
        var (figures, showings) = (await FiguresAsync(), await Store.ReadShowingsAsync(T0, Later, null, Stop));
        using var backup = new MemoryStream();
        await Store.BackupAsync(backup, Stop);
        await Store.DisposeAsync();
        await DropAsync();
        await CreateAsync();
        Store = await OpenAsync();
        await Store.MigrateAsync(Stop);
        backup.Position = 0;
        await Store.RestoreAsync(backup, Stop);
        Assert.Equal(figures, await FiguresAsync());
        Assert.Equal(showings, await Store.ReadShowingsAsync(T0, Later, null, Stop));
        Assert.Equal(2, await Store.GetAttributedSequenceAsync(Stop));
        await StoreServedAsync(open);
        await AddAsync(2, 3, Click(3, answer, 1));
        Assert.Equal((12.0, 8.0), (Assert.Single(await FiguresAsync()).Clicks, Assert.Single(await FiguresAsync()).ClickedAnswers));
    }

    private static Outcome Click(long sequence, ServedAnswer answer, int itemKey) =>
        new(sequence, answer.Id, itemKey, IsConversion: false, 0, T0.AddMinutes(20).ToUnixTimeMilliseconds());

    private static Outcome Purchase(long sequence, ServedAnswer answer, int itemKey, double value) =>
        Click(sequence, answer, itemKey) with { IsConversion = true, Value = value };

    private Task<bool> AddAsync(long? after, long through, params Outcome[] outcomes) =>
        Store.AddOutcomesAsync(outcomes, after, through, openUntil: Later, Stop);

    private Task<IReadOnlyList<Figures>> FiguresAsync() => Store.ReadFiguresAsync(T0, Later, null, Stop);
}
