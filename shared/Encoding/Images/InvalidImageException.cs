namespace Recommender.Encoders.Images;

/// <summary>Bytes are no picture that can be decoded. The message names the fault and the limit.</summary>
public sealed class InvalidImageException(ImageFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public ImageFault Fault => fault;
}
