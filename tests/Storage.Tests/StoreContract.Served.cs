using System.Buffers;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    private static readonly UserRef s_ann = UserRef.User("ann"), s_visit = UserRef.Session("visit");

    [Fact]
    public async Task An_answer_is_kept_once_and_found_by_id_and_by_subject()
    {
        var (first, second) = (Served(s_ann, T0, 3, 1, 2), Served(s_ann, T0.AddMinutes(5), 4));
        var (visit, nobody) = (Served(s_visit, T0), Served(null, T0.AddDays(1), 9));
        Assert.Equal(4, await StoreServedAsync(first, second, visit, nobody));
        Assert.Equal(0, await StoreServedAsync(second, nobody));

        var read = (await Store.ReadServedAsync(first.Id, Stop))!;
        Assert.Equal((first.Id, first.AtMs, s_ann, AnswerKind.Similar, Sources.Session, "home", 7L, 0.25f),
            (read.Id, read.AtMs, read.Subject, read.Kind, read.Source, read.Placement, read.ModelVersion, read.Share));
        Assert.Equal([new(3, 1f), new(1, 0.5f), new(2, 1f / 3)], read.Items.ToArray());
        Assert.Null((await Store.ReadServedAsync(nobody.Id, Stop))!.Subject);
        Assert.Null(await Store.ReadServedAsync(new RecommendationId(5), Stop));
        Assert.Equal([second.Id, first.Id], await IdsAsync(s_ann, 10));
        Assert.Equal([second.Id], await IdsAsync(s_ann, 1));
        Assert.Equal([visit.Id], await IdsAsync(s_visit, 10));
        Assert.Empty(await IdsAsync(UserRef.User("visit"), 10));
        Assert.Equal([first.Id], (await Store.ReadServedAsync(s_ann, T0, T0.AddMinutes(4), 10, Stop)).Select(answer => answer.Id));
    }

    [Fact]
    public async Task Days_beyond_the_retention_go_and_later_ones_stay()
    {
        var answers = Enumerable.Range(0, 5).Select(day => Served(s_ann, T0.AddDays(day))).ToArray();
        await StoreServedAsync(answers);
        Assert.Equal(3, await Store.RemoveServedBeforeAsync(T0.AddDays(3), Stop));
        Assert.Equal([answers[4].Id, answers[3].Id], await IdsAsync(s_ann, 10));
        Assert.Equal(0, await Store.RemoveServedBeforeAsync(T0.AddDays(3), Stop));
        Assert.Equal(1, await StoreServedAsync(answers[0]));
    }

    [Fact]
    public async Task An_erasure_removes_the_answers_of_the_user_and_drops_those_that_arrive_later()
    {
        var (mine, visit, other) = (Served(s_ann, T0), Served(s_visit, T0), Served(UserRef.User("bob"), T0));
        await StoreServedAsync(mine, visit, other);
        await Store.MergeSessionAsync("visit", "ann", T0.AddMinutes(1), Stop);
        Assert.Equal(2, (await IdsAsync(s_ann, 10)).Count);
        Assert.Empty(await IdsAsync(s_visit, 10));
        var late = Served(s_visit, T0.AddSeconds(30));
        await StoreServedAsync(late);

        await Store.EraseUserAsync("ann", "erasure", T0.AddMinutes(2), Stop);
        Assert.Empty(await IdsAsync(s_ann, 10));
        Assert.Empty(await IdsAsync(s_visit, 10));
        Assert.Equal([other.Id], await IdsAsync(UserRef.User("bob"), 10));
        Assert.Equal(0, await StoreServedAsync(Served(s_ann, T0.AddMinutes(1)), Served(s_visit, T0.AddSeconds(40))));
        Assert.Equal(2, await StoreServedAsync(Served(s_ann, T0.AddMinutes(3)), Served(s_visit, T0.AddMinutes(2))));
    }

    [Fact]
    public async Task Answers_are_in_a_backup()
    {
        var (early, late) = (Served(s_ann, T0), Served(null, T0.AddDays(2)));
        await StoreServedAsync(early, late);
        using var backup = new MemoryStream();
        await Store.BackupAsync(backup, Stop);
        foreach (bool all in (bool[])[true, false])
        {
            await Store.DisposeAsync();
            await DropAsync();
            await CreateAsync();
            Store = await OpenAsync();
            await Store.MigrateAsync(Stop);
            backup.Position = 0;
            if (all) await Store.RestoreAsync(backup, Stop);
            else await Store.RestoreUntilAsync(backup, T0.AddDays(1), Stop);
            Assert.Equal(early.Items.ToArray(), (await Store.ReadServedAsync(early.Id, Stop))!.Items.ToArray());
            Assert.Equal(all, await Store.ReadServedAsync(late.Id, Stop) is not null);
        }
    }

    private static ServedAnswer Served(UserRef? subject, DateTimeOffset at, params int[] itemKeys)
    {
        var answer = new ServedAnswer
        {
            Id = new RecommendationId(new UInt128((ulong)Random.Shared.NextInt64(), (ulong)Random.Shared.NextInt64())),
            AtMs = at.ToUnixTimeMilliseconds(),
            Kind = AnswerKind.Similar,
            Source = Sources.Session,
            Placement = "home",
            Subject = subject,
            ModelVersion = 7,
            Share = 0.25f,
        };
        answer.Begin(itemKeys.Length);
        for (int i = 0; i < itemKeys.Length; i++) answer.Add(new ServedItem(itemKeys[i], 1f / (i + 1)));
        return answer;
    }

    private Task<int> StoreServedAsync(params ServedAnswer[] answers)
    {
        var message = new ArrayBufferWriter<byte>();
        ServedAnswerFormat.Begin(message);
        foreach (var answer in answers) ServedAnswerFormat.Append(message, answer);
        return Store.StoreServedAsync(ServedAnswerFormat.Read(message.WrittenMemory), Stop);
    }

    private async Task<List<RecommendationId>> IdsAsync(UserRef subject, int limit) =>
        [.. (await Store.ReadServedAsync(subject, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, limit, Stop))
            .Select(answer => answer.Id)];
}
