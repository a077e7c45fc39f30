namespace Recommender.Retrieval.Filters;

/// <summary>The kinds of values that occur under a key.</summary>
[Flags]
public enum AttributeKinds
{
    None = 0,
    Text = 1,
    Number = 2,
    Boolean = 4,
}
