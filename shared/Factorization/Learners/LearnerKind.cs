namespace Recommender.Factorization.Learners;

/// <summary>Parts of a learner's models, which determine how they can be combined.</summary>
internal enum LearnerKind
{
    /// <summary>Factors only.</summary>
    Factors,

    /// <summary>An item–item term, with or without factors.</summary>
    Neighbours,

    /// <summary>Another learner with histories weighted by recency.</summary>
    Recency,
}
