namespace Recommender.Benchmarks.Baskets;

/// <summary>What <c>baskets</c> prints: recall@20, counts, times and the size of a row.</summary>
internal sealed record BasketsReport(
    double TogetherRecall20, double SimilarRecall20, double CoCountRecall20, int Asked, int Baskets, int Items, double CountSeconds,
    double TrainSeconds, long BytesPerItem);
