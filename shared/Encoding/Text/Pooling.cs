namespace Recommender.Encoders.Text;

/// <summary>How the vectors of tokens become one vector.</summary>
public enum Pooling
{
    /// <summary>The mean over all tokens.</summary>
    Mean,

    /// <summary>The vector of the first token, which is the mark of the start.</summary>
    First,
}
