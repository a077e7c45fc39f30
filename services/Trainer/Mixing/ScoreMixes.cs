using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Storage;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Mixing;

/// <summary>
/// The current score mix: durable in the store, with a copy in the factor store for serving. A mix never replaces one of a higher number.
/// </summary>
public sealed class ScoreMixes(IStore store, IFactorStore factorStore, TransitionPolicy policy)
{
    private const string SettingName = "scoreMix";

    /// <summary>The mix in the store; null before the first, and without transitions.</summary>
    public async Task<MixDecision?> ReadAsync(CancellationToken cancellationToken)
    {
        if (policy.IsOff || await store.GetSettingAsync(SettingName, cancellationToken) is not { } json) return null;
        var stored = json.Deserialize<Stored>() ?? throw new InvalidDataException($"The setting {SettingName} is null.");
        return new MixDecision(ScoreMix.Read(stored.Mix), stored.Status);
    }

    /// <summary>Stores a decision and puts it into the factor store, unless there is a later one.</summary>
    public async Task PublishAsync(MixDecision decision, CancellationToken cancellationToken)
    {
        if (await ReadAsync(cancellationToken) is { } current && current.Mix.Number > decision.Mix.Number) return;
        await WriteAsync(decision, cancellationToken);
        await factorStore.PutScoreMixAsync(decision.Mix.Number, decision.Mix.Write(), cancellationToken);
    }

    /// <summary>
    /// Ensures that there is a mix for the current rules, and that the factor store has it. Without any decision that is a fixed one. A mix
    /// of events that the store does not have, such as after a restore, keeps its weights until the next decision.
    /// </summary>
    public async Task<MixDecision> EnsureAsync(CancellationToken cancellationToken)
    {
        var current = await ReadAsync(cancellationToken);
        var mix = current?.Mix ?? CreateFixed();
        long position = (await store.GetPositionAsync(cancellationToken)).Sequence;
        mix = mix with
        {
            Number = mix.Number > position ? 0 : mix.Number,
            Rules = policy.Fingerprint,
            Transitions = policy.Table,
        };
        if (current is null || mix != current.Mix)
        {
            var status = current?.Status ?? MixDecider.StatusOf(mix);
            current = new MixDecision(mix, status with { Number = mix.Number });
            await WriteAsync(current, cancellationToken);
        }

        byte[] bytes = current.Mix.Write();
        var served = (await factorStore.ReadTransitionChangesAsync(long.MaxValue, 1, cancellationToken)).Mix;
        if (served is null || !served.AsSpan().SequenceEqual(bytes))
            await factorStore.PutScoreMixAsync(current.Mix.Number, bytes, cancellationToken);
        return current;
    }

    private ScoreMix CreateFixed() => new()
    {
        Number = 0,
        Rules = policy.Fingerprint,
        Transitions = policy.Table,
        Known = MixDecider.Fixed,
        Anonymous = MixDecider.Fixed,
        Mixed = MixDecider.Fixed,
    };

    private Task WriteAsync(MixDecision decision, CancellationToken cancellationToken) =>
        store.PutSettingAsync(SettingName, JsonSerializer.SerializeToElement(new Stored(decision.Mix.Write(), decision.Status)),
            cancellationToken);

    private sealed record Stored(byte[] Mix, ScoreMixStatus Status);
}
