namespace Recommender.Factorization.Algebra;

/// <summary>The observed rows of one ridge regression.</summary>
internal unsafe interface IRidgeRows
{
    int Count { get; }

    /// <summary>Confidence c ≥ 0 of row e.</summary>
    float Weight(int e);

    /// <summary>What row e's prediction should be.</summary>
    float Target(int e);

    /// <summary>Row e's vector, <c>rank</c> long; may be written to <paramref name="buffer"/>, which is as long.</summary>
    float* Row(int e, float* buffer);
}
