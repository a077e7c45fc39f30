namespace Recommender.Factorization.Algebra;

/// <summary>The observed rows of one ridge regression.</summary>
internal unsafe interface IRidgeRows
{
    int Count { get; }

    /// <summary>Confidence c ≥ 0 of row e.</summary>
    float Weight(int e);

    /// <summary>Target of row e.</summary>
    float Target(int e);

    /// <summary>Vector of row e, <c>rank</c> long. It may be in <paramref name="buffer"/>, which has the same length.</summary>
    float* Row(int e, float* buffer);
}
