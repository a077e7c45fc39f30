namespace Recommender.Encoders.Text;

public enum TextEncoderKind
{
    /// <summary>Texts are not encoded.</summary>
    None,

    /// <summary>The sentence model that ships with the product.</summary>
    Packaged,

    /// <summary>Hashed words and parts of words; no model.</summary>
    Subwords,

    /// <summary>A sentence model from files of the operator.</summary>
    Onnx,

    /// <summary>An HTTP endpoint that speaks the OpenAI embeddings protocol. Texts leave this machine.</summary>
    Endpoint,
}
