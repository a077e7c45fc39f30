using System.Runtime.InteropServices;
using Recommender.FactorStore;
using Recommender.Factorization.Events;
using Recommender.Factorization.Models;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Retrieval;

namespace Recommender.Recommend.Serving;

/// <summary>From the bytes in the factor store to a model ready to serve.</summary>
internal static class ModelLoader
{
    /// <exception cref="InvalidDataException">Not a model, or one that does not fit its item keys.</exception>
    public static ServingModel Load(long version, byte[] bytes, RecommendOptions options)
    {
        var package = ModelPackage.Decode(bytes);
        using var stream = Open(package.Model);
        var learned = Model.Read(stream);
        if (package.SampleUsers.Length % Math.Max(1, learned.Rank) != 0)
            throw new InvalidDataException($"The package's sample of users has {package.SampleUsers.Length} numbers, which are no factors "
                + $"of rank {learned.Rank}.");
        var index = options.Index with
        {
            Cells = options.Index.Cells with
            {
                SampleQueries = package.SampleUsers.Length == 0 ? (ReadOnlyMemory<float>?)null
            : package.SampleUsers
            },
        };
        var weights = package.EventTypes.IsEmpty ? null : EventWeights.FromJson(package.EventTypes.Span);
        SessionEncoder? encoder = null;
        if (!package.Encoder.IsEmpty)
        {
            using var encoded = Open(package.Encoder);
            encoder = SessionEncoder.Read(encoded);
        }

        return new ServingModel(version, learned, package.ItemKeys, ItemIndexes.Create(learned.ItemFactors, learned.Rank, index), index,
            weights, encoder);
    }

    private static MemoryStream Open(ReadOnlyMemory<byte> bytes) => MemoryMarshal.TryGetArray(bytes, out var segment)
        ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
        : throw new InvalidDataException("The model's bytes are not in an array.");
}
