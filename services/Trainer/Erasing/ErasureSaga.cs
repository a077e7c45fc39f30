using System.Security.Cryptography;
using System.Text;
using MassTransit;
using Recommender.Storage.Users;

namespace Recommender.Trainer.Erasing;

/// <summary>
/// Instance of the saga: an <see cref="Erasure"/> of the store while a message is handled. Its state is the last completed stage.
/// </summary>
public sealed class ErasureSaga : SagaStateMachineInstance
{
    private readonly Erasure _loaded;
    private readonly Dictionary<string, DateTimeOffset> _stages;

    public ErasureSaga(Erasure erasure)
    {
        _loaded = erasure;
        _stages = new(erasure.Stages, StringComparer.Ordinal);
        CorrelationId = CorrelationIdOf(erasure.ErasureId);
        CurrentState = StateOf(erasure);
        (UserId, DueAt) = (erasure.UserId, erasure.DueAt);
    }

    public Guid CorrelationId { get; set; }

    public string CurrentState { get; set; }

    public string ErasureId => _loaded.ErasureId;

    public long Revision => _loaded.Revision;

    public long? ModelVersion => _loaded.ModelVersion;

    /// <summary>Items of the user's events.</summary>
    public IReadOnlyList<int> ItemKeys => _loaded.ItemKeys;

    public DateTimeOffset StoredAt => _stages["store"];

    public string? UserId { get; set; }

    public DateTimeOffset? DueAt { get; set; }

    /// <summary>Correlation id for MassTransit, which requires a GUID; the id of an erasure is any text.</summary>
    public static Guid CorrelationIdOf(string erasureId) => new(SHA256.HashData(Encoding.UTF8.GetBytes(erasureId)).AsSpan(0, 16));

    /// <summary>Adds a completed stage. An existing time is kept.</summary>
    public void Complete(string stage, DateTimeOffset at) => _stages.TryAdd(stage, at);

    /// <summary>The state to save; null if the message had no effect.</summary>
    public Erasure? Changed() =>
        _stages.Count == _loaded.Stages.Count && UserId == _loaded.UserId && DueAt == _loaded.DueAt
            ? null
            : _loaded with { UserId = UserId, DueAt = DueAt, Stages = _stages };

    private static string StateOf(Erasure erasure)
    {
        if (erasure.Stages.ContainsKey("model")) return nameof(ErasureStateMachine.Model);
        // Erasures from before schema version 3 have no user id, so only their stage <c>model</c> can be tracked.
        if (erasure.UserId is null) return nameof(ErasureStateMachine.Queues);
        if (erasure.Stages.ContainsKey("serving")) return nameof(ErasureStateMachine.Serving);
        return erasure.Stages.ContainsKey("factorStore") ? nameof(ErasureStateMachine.FactorStore) : nameof(ErasureStateMachine.Store);
    }
}
