using Recommender.FactorStore;
using Recommender.Factorization.Events;
using Recommender.Factorization.Models;
using Recommender.Retrieval;

namespace Recommender.Recommend.Serving;

/// <summary>From the bytes in the factor store to a model ready to serve.</summary>
internal static class ModelLoader
{
    /// <exception cref="InvalidDataException">Not a model, or one that does not fit its item keys.</exception>
    public static ServingModel Load(long version, byte[] bytes, RecommendOptions options)
    {
        var package = ModelPackage.Decode(bytes);
        if (!System.Runtime.InteropServices.MemoryMarshal.TryGetArray(package.Model, out var segment))
            throw new InvalidDataException("The model's bytes are not in an array.");
        using var stream = new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false);
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
        return new ServingModel(version, learned, package.ItemKeys, ItemIndexes.Create(learned.ItemFactors, learned.Rank, index), index,
            weights);
    }
}
