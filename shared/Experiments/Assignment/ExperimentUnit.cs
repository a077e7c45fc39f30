namespace Recommender.Experiments.Assignment;

/// <summary>Whose hash decides the variant.</summary>
public enum ExperimentUnit
{
    User,
    Session,
}
