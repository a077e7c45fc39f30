using System.Text.Json.Serialization;

namespace Recommender.Factorization.Learners.Ials;

/// <summary>Initial item factors.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<IalsStart>))]
public enum IalsStart
{
    /// <summary>Small random numbers.</summary>
    Random,

    /// <summary>The leading singular vectors of the normalised data. Training needs one or two epochs instead of eight or more.</summary>
    Spectral,
}
