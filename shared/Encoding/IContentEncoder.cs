namespace Recommender.Encoders;

/// <summary>Turns content into vectors. Nearer vectors (a higher dot product) mean more similar content.</summary>
/// <typeparam name="TContent"><see cref="string"/> for texts, <see cref="Images.Picture"/> for pictures.</typeparam>
/// <remarks>Thread-safe: calls may be concurrent. The vector of a content does not depend on its batch, up to float rounding.</remarks>
public interface IContentEncoder<TContent> : IDisposable
{
    EncoderDescription Description { get; }

    /// <summary>Encodes a batch of any size.</summary>
    /// <param name="batch">Texts may be empty, of any length and from any source; see <see cref="Text.TextCleaning"/>.</param>
    /// <param name="vectors">
    /// Receives batch × <see cref="EncoderDescription.Dimensions"/> numbers, row-major. Each row has length 1, or is zero if the content
    /// has nothing to encode, such as an empty text.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="vectors"/> has another length.</exception>
    /// <exception cref="EncoderUnavailableException">A remote encoder does not answer, or answers with an error.</exception>
    Task EncodeAsync(IReadOnlyList<TContent> batch, Memory<float> vectors, CancellationToken cancellationToken);
}
