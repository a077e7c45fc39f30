namespace Recommender.Encoders.Text;

/// <summary>Which text encoder is used. Comes from configuration only, never from a request.</summary>
public sealed record TextEncoderOptions
{
    /// <summary>One of <see cref="TextEncoderKind"/>.</summary>
    public TextEncoderKind Kind { get; init; } = TextEncoderKind.Packaged;

    /// <summary>Threads of one run of a local model, at least 1.</summary>
    public int Threads { get; init; } = 2;

    /// <summary><see cref="TextEncoderKind.Onnx"/>: path to the model.</summary>
    public string? ModelPath { get; init; }

    /// <summary><see cref="TextEncoderKind.Onnx"/>: path to <c>vocab.txt</c> or <c>tokenizer.json</c>.</summary>
    public string? TokenizerPath { get; init; }

    /// <summary><see cref="TextEncoderKind.Onnx"/>: how the vectors of tokens become one.</summary>
    public Pooling Pooling { get; init; }

    /// <summary><see cref="TextEncoderKind.Endpoint"/>: full address of an OpenAI-compatible embeddings endpoint.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary><see cref="TextEncoderKind.Endpoint"/>: model name that the endpoint knows.</summary>
    public string? EndpointModel { get; init; }

    /// <summary><see cref="TextEncoderKind.Endpoint"/>: bearer token.</summary>
    public string? EndpointKey { get; init; }

    /// <summary><see cref="TextEncoderKind.Endpoint"/>: length of the endpoint's vectors.</summary>
    public int EndpointDimensions { get; init; }

    /// <summary><see cref="TextEncoderKind.Endpoint"/>: time limit of one request.</summary>
    public TimeSpan EndpointTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
