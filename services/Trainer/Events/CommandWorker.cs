using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging.ControlPlane;
using Recommender.Messaging.Parsing;
using Recommender.Messaging.Streams;
using Recommender.Storage;
using Recommender.Trainer.Erasing;
using Recommender.Trainer.Releasing;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Events;

/// <summary>Applies catalogue and user commands in order: store → factor store → notice → acknowledge.</summary>
/// <remarks>After the store, the saga carries out the further steps of an erasure.</remarks>
public sealed class CommandWorker(
    IStreamConsumer consumer,
    IStore store,
    IFactorStore factorStore,
    Folding folding,
    TransitionFollower transitions,
    ItemPlacer placer,
    INotices notices,
    TrainerOptions options) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        consumer.RunAsync(Topology.Commands, options.MaxBatchBytes, HandleAsync, stoppingToken);

    public async Task<IReadOnlyList<DeadMessage>> HandleAsync(IReadOnlyList<Delivery> batch, CancellationToken cancellationToken)
    {
        var commands = new List<Command>();
        var dead = new List<DeadMessage>();
        foreach (var delivery in batch)
        {
            var (valid, wrong) = CommandParser.Parse(delivery.Body);
            commands.AddRange(valid);
            dead.AddRange(wrong);
        }

        for (int start = 0; start < commands.Count;)
        {
            // Consecutive catalogue commands are applied together, user commands one by one, in order.
            int end = start;
            while (end < commands.Count && IsCatalogue(commands[end])) end++;
            if (end > start)
            {
                dead.AddRange(await ApplyCatalogueAsync(commands.GetRange(start, end - start), cancellationToken));
                start = end;
            }
            else
            {
                if (await ApplyUserAsync(commands[start], cancellationToken) is { } error) dead.Add(Dead(commands[start], error));
                start++;
            }
        }

        return dead;
    }

    private static bool IsCatalogue(Command command) =>
        command.Kind is CommandKind.PutItem or CommandKind.PatchItem or CommandKind.DeleteItem;

    private static DeadMessage Dead(Command command, string reason) =>
        new(JsonSerializer.SerializeToUtf8Bytes([command], ContractsJson.Default.CommandArray), reason);

    private async Task<IEnumerable<DeadMessage>> ApplyCatalogueAsync(List<Command> commands, CancellationToken cancellationToken)
    {
        var result = await store.ApplyCatalogueAsync(commands, cancellationToken);
        TrainerTelemetry.IgnoredItemChanges.Add(result.Ignored);
        if (result.Changed.Count > 0)
        {
            long sequence = await factorStore.PutItemsAsync([.. result.Changed.Select(CatalogueCopy.ToRecord)], cancellationToken);
            await notices.PublishAsync(new CatalogueChanged { Sequence = sequence }, cancellationToken);
            placer.Note(result.Changed.Select(entry => entry.ItemKey));
        }

        return result.Failed.Select(f => Dead(commands[f.Index], $"{f.Field}: {f.Error}"));
    }

    /// <summary>Applies the command. Returns the error of an invalid command, or null.</summary>
    private async Task<string?> ApplyUserAsync(Command command, CancellationToken cancellationToken)
    {
        if (Limits.StoredIdError(command.UserId) is { } idError) return $"userId: {idError}";
        string userId = command.UserId!;
        switch (command.Kind)
        {
            case CommandKind.PutUser when command.Profile is { } profile:
                await store.PutUserAsync(userId, profile, command.AcceptedAt, cancellationToken);
                return null;
            case CommandKind.MergeSession when command.SessionId is { } sessionId:
                var merged = await store.MergeSessionAsync(sessionId, userId, command.AcceptedAt, cancellationToken);
                await folding.FoldInAsync([.. new[] { merged.UserKey, merged.SessionKey }.OfType<int>()], cancellationToken);
                if (merged.Items.Count > 0) await CatalogueCopy.PutStatisticsAsync(factorStore, merged.Items, merged.Revision,
                    cancellationToken);
                await transitions.RecountAsync(merged.JoinedItemKeys, cancellationToken);
                await factorStore.DeleteUsersAsync([UserRef.Session(sessionId)], cancellationToken);
                return null;
            case CommandKind.EraseUser when command.ErasureId is { } erasureId:
                var erased = await store.EraseUserAsync(userId, erasureId, command.AcceptedAt, cancellationToken);
                folding.Forget(UserRef.User(userId));
                // The row in the store makes the start durable; the message only makes it immediate.
                bool fits = erased.Items is { Count: <= ErasureApplied.ItemsLimit };
                var applied = new ErasureApplied { ErasureId = erasureId, Items = fits ? erased.Items : null };
                await notices.PublishAsync(applied, cancellationToken);
                return null;
            default:
                return $"{command.Kind} lacks what it needs";
        }
    }
}
