using System.Text.Json.Serialization;

namespace Recommender.Factorization.Learners.Ials;

/// <summary>Where item factors start.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<IalsStart>))]
public enum IalsStart
{
    /// <summary>Small random numbers.</summary>
    Random,

    /// <summary>The leading singular vectors of the normalised data: needs one or two epochs where random needs eight and more.</summary>
    Spectral,
}
