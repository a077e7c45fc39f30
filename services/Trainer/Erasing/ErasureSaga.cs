using System.Security.Cryptography;
using System.Text;
using MassTransit;
using Recommender.Storage.Users;

namespace Recommender.Trainer.Erasing;

/// <summary>
/// The saga's instance: an <see cref="Erasure"/> of the store while a message is handled. Its state is the last finished stage of the
/// receipt.
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

    /// <summary>Items that the user had events on.</summary>
    public IReadOnlyList<int> ItemKeys => _loaded.ItemKeys;

    public DateTimeOffset StoredAt => _stages["store"];

    public string? UserId { get; set; }

    public DateTimeOffset? DueAt { get; set; }

    /// <summary>The receipt's id is any text; MassTransit correlates by a number.</summary>
    public static Guid CorrelationIdOf(string erasureId) => new(SHA256.HashData(Encoding.UTF8.GetBytes(erasureId)).AsSpan(0, 16));

    /// <summary>Adds a stage to the receipt. The time first given stands.</summary>
    public void Complete(string stage, DateTimeOffset at) => _stages.TryAdd(stage, at);

    /// <summary>The state to save; null if the message changed nothing.</summary>
    public Erasure? Changed() =>
        _stages.Count == _loaded.Stages.Count && UserId == _loaded.UserId && DueAt == _loaded.DueAt
            ? null
            : _loaded with { UserId = UserId, DueAt = DueAt, Stages = _stages };

    private static string StateOf(Erasure erasure)
    {
        if (erasure.Stages.ContainsKey("model")) return nameof(ErasureStateMachine.Model);
        // Versions before the third schema did not keep the user id: of theirs, nothing but the model can be followed.
        if (erasure.UserId is null) return nameof(ErasureStateMachine.Queues);
        if (erasure.Stages.ContainsKey("serving")) return nameof(ErasureStateMachine.Serving);
        return erasure.Stages.ContainsKey("factorStore") ? nameof(ErasureStateMachine.FactorStore) : nameof(ErasureStateMachine.Store);
    }
}
