using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Neighbours;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Sessions;

/// <summary>Settings of a <see cref="SessionModel"/> and its parts.</summary>
public sealed record SessionModelSettings
{
    /// <summary>Whether an item of the history may be recommended.</summary>
    public bool Repeats { get; init; } = true;

    public SessionEncoderSettings Encoder { get; init; } = new();

    public TransitionRuleSettings Rules { get; init; } = new();

    public SessionNeighbourSettings Neighbours { get; init; } = new();

    public SessionWeights Weights { get; init; } = new();

    /// <exception cref="ArgumentException">A setting is out of range; the message contains the name and the range.</exception>
    public void Validate()
    {
        Encoder.Validate();
        Rules.Validate();
        Neighbours.Validate();
        Weights.Validate();
    }
}
