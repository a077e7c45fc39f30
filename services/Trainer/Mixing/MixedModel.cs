using System.Runtime.InteropServices;
using Recommender.FactorStore;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Mixing;

/// <summary>The parts of a score mix that are trained.</summary>
/// <param name="Encoder">Its items are those of the model. Null: none.</param>
public sealed record MixedModel(FoldInModel Model, SessionEncoder? Encoder)
{
    public static MixedModel Decode(long version, byte[] package)
    {
        var encoder = ModelPackage.Decode(package).Encoder;
        MemoryMarshal.TryGetArray(encoder, out var bytes);
        using var stream = new MemoryStream(bytes.Array ?? [], bytes.Offset, bytes.Count, writable: false);
        return new(FoldInModel.Decode(version, package), encoder.IsEmpty ? null : SessionEncoder.Read(stream));
    }
}
