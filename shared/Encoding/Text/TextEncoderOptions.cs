using System.ComponentModel.DataAnnotations;

namespace Recommender.Encoders.Text;

/// <summary>Configuration section <c>TextEncoder</c>: which text encoder is used. Never comes from a request.</summary>
public sealed record TextEncoderOptions
{
    public const string Section = "TextEncoder";

    /// <summary>None, Packaged, Subwords, Onnx or Endpoint.</summary>
    public TextEncoderKind Kind { get; set; } = TextEncoderKind.Packaged;

    /// <summary>Threads of one run of a local model.</summary>
    [Range(1, 256)]
    public int Threads { get; set; } = 1;

    /// <summary>Onnx: path to the model.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>Onnx: path to <c>vocab.txt</c> or <c>tokenizer.json</c>.</summary>
    public string TokenizerPath { get; set; } = "";

    /// <summary>Onnx: Mean or First token.</summary>
    public Pooling Pooling { get; set; }

    /// <summary>Endpoint: full address of an OpenAI-compatible embeddings endpoint. Texts leave this machine.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>Endpoint: model name that the endpoint knows.</summary>
    public string EndpointModel { get; set; } = "";

    /// <summary>Endpoint: bearer token. Empty: none.</summary>
    public string EndpointKey { get; set; } = "";

    /// <summary>Endpoint: length of the endpoint's vectors.</summary>
    [Range(1, 4096)]
    public int EndpointDimensions { get; set; } = 1536;

    /// <summary>Endpoint: time limit of one request.</summary>
    [Range(1, 600)]
    public int EndpointTimeoutSeconds { get; set; } = 30;
}
