namespace Recommender.ServiceDefaults.Api;

/// <summary>Type of a parameter's value.</summary>
public enum ParameterKind
{
    Text,
    WholeNumber,
    Number,
    Flag,

    /// <summary>A whole number or the word <c>all</c>.</summary>
    CountOrAll,
}
