namespace Recommender.Factorization.Learners;

/// <summary>What a learner's models consist of, which decides what they can be part of.</summary>
internal enum LearnerKind
{
    /// <summary>Factors alone.</summary>
    Factors,

    /// <summary>An item–item term, with or without factors.</summary>
    Neighbours,

    /// <summary>Another learner whose histories count by recency.</summary>
    Recency,
}
