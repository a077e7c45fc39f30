namespace Recommender.ServiceDefaults.Api;

/// <summary>Where a parameter stands in the request.</summary>
public enum ParameterPlace
{
    Path,
    Query,
    Header,
}
