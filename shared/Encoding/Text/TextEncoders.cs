using System.Security.Cryptography;

namespace Recommender.Encoders.Text;

/// <summary>Creates the configured text encoder.</summary>
public static class TextEncoders
{
    /// <exception cref="ArgumentException">A setting that the kind needs is missing; the message names it.</exception>
    /// <exception cref="ModelMissingException">A model file does not exist or cannot be read.</exception>
    public static IContentEncoder<string> Create(TextEncoderOptions options) => options.Kind switch
    {
        TextEncoderKind.Packaged => new OnnxSentenceEncoder(SentenceModelFiles.Packaged, options.Threads),
        TextEncoderKind.Subwords => new SubwordEncoder(),
        TextEncoderKind.Onnx => new OnnxSentenceEncoder(
            new SentenceModelFiles(Needed(options.ModelPath, options, nameof(options.ModelPath)),
                Needed(options.TokenizerPath, options, nameof(options.TokenizerPath)))
            {
                Pooling = options.Pooling
            },
            options.Threads),
        TextEncoderKind.Endpoint => CreateEndpoint(options),
        _ => throw new ArgumentException($"There is no text encoder of kind {options.Kind}.", nameof(options)),
    };

    private static GeneratorEncoder CreateEndpoint(TextEncoderOptions options)
    {
        var endpoint = Needed(options.Endpoint, options, nameof(options.Endpoint));
        string model = Needed(options.EndpointModel, options, nameof(options.EndpointModel));
        if (options.EndpointDimensions is < 1 or > 4096)
            throw new ArgumentException($"EndpointDimensions must be between 1 and 4096; got {options.EndpointDimensions}.",
                nameof(options));
        // A redirect could carry texts to another machine.
        var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = options.EndpointTimeout };
        byte[] hash = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(endpoint.AbsoluteUri));
        string name = $"{model}-{Convert.ToHexStringLower(hash)[..8]}-{options.EndpointDimensions}";
        return new GeneratorEncoder(new OpenAiEmbeddingGenerator(http, endpoint, model, options.EndpointKey), name,
            options.EndpointDimensions);
    }

    private static T Needed<T>(T? value, TextEncoderOptions options, string name) where T : class =>
        value ?? throw new ArgumentException($"{name} is required for the text encoder {options.Kind}.", nameof(options));
}
