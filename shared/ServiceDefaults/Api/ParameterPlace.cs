namespace Recommender.ServiceDefaults.Api;

/// <summary>Location of a parameter in the request.</summary>
public enum ParameterPlace
{
    Path,
    Query,
    Header,
}
