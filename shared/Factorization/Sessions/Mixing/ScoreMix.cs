using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Sessions.Mixing;

/// <summary>
/// How scores are put together: the weights of their terms for each kind of request, and how transition rows are scored. Immutable.
/// </summary>
public sealed record ScoreMix
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The sequence up to which events decided it. A later one replaces an earlier one.</summary>
    public required long Number { get; init; }

    /// <summary>Names the rules by which the rows were counted: the mix is for rows of these rules only.</summary>
    public required string Rules { get; init; }

    /// <summary>Length and half-life of the rows, and how they are scored.</summary>
    public required TransitionSettings Transitions { get; init; }

    /// <summary>
    /// Of each kind of request. At most one of encoder and model counts, with a weight of 1, and scores all items. Where neither does, only
    /// items that other terms touch have a score.
    /// </summary>
    public required SessionWeights Known { get; init; }

    public required SessionWeights Anonymous { get; init; }

    public required SessionWeights Mixed { get; init; }

    public SessionWeights For(RequestKind kind) => kind switch
    {
        RequestKind.Known => Known,
        RequestKind.Anonymous => Anonymous,
        _ => Mixed,
    };

    /// <summary>As JSON; <see cref="Read"/> reads it.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);

    /// <exception cref="InvalidDataException">Not a score mix, or one with a setting out of range.</exception>
    public static ScoreMix Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var mix = JsonSerializer.Deserialize<ScoreMix>(bytes, s_json) ?? throw new JsonException("It is null.");
            mix.Transitions.Validate();
            mix.Known.Validate();
            mix.Anonymous.Validate();
            mix.Mixed.Validate();
            return mix;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new InvalidDataException("The score mix cannot be read: " + e.Message, e);
        }
    }
}
