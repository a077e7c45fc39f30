namespace Recommender.Encoders.Images;

/// <summary>Why bytes are refused as a picture.</summary>
public enum ImageFault
{
    /// <summary>Neither JPEG nor PNG.</summary>
    Format,

    /// <summary>More bytes or pixels than allowed.</summary>
    Size,

    /// <summary>The header or the content is damaged.</summary>
    Content,
}
