using System.Text.Json;
using Recommender.Contracts;
using Recommender.Storage;

namespace Recommender.Ingest.Reading;

/// <summary>
/// Refuses vectors of another length than the catalogue's before they are accepted. The catalogue's length is read at the first vector of a
/// request; where no item has a vector yet, the first vector of the request sets it. The Trainer checks again when it applies the change.
/// </summary>
internal sealed class VectorCheck(IStore store)
{
    private static readonly TimeSpan s_lookupTimeout = TimeSpan.FromSeconds(1);
    private bool _isRead;
    private int? _length;

    public async ValueTask<FieldError?> ErrorOfAsync(Command command, CancellationToken cancellationToken)
    {
        if (LengthOf(command) is not { } length) return null;
        if (!_isRead)
        {
            _length = await ReadLengthAsync(cancellationToken);
            _isRead = true;
        }

        _length ??= length;
        return Item.VectorError(length, _length);
    }

    /// <summary>Numbers of the vector that the command sets; null where it sets none.</summary>
    private static int? LengthOf(Command command)
    {
        if (command.Item is { } item) return item.Vector?.Count;
        if (command.Patch is not { } patch || !patch.TryGetProperty("vector", out var vector)) return null;
        return vector.ValueKind == JsonValueKind.Array ? vector.GetArrayLength() : null;
    }

    /// <summary>Length of the catalogue's vectors. Null also while the database is unreachable, which accepting does not need.</summary>
    private async Task<int?> ReadLengthAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_lookupTimeout);
        try
        {
            return await store.GetVectorLengthAsync(patience.Token);
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
