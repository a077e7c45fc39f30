using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Recommender.Encoders.Text;

/// <summary>Creates the configured text encoder.</summary>
public static class TextEncoders
{
    private static readonly ConcurrentDictionary<TextEncoderOptions, Lazy<IContentEncoder<string>>> s_shared = new();

    /// <summary>Checks the settings without loading anything.</summary>
    /// <exception cref="InvalidOperationException">A setting that the kind needs is missing or malformed; the message names it.</exception>
    public static void Check(TextEncoderOptions options)
    {
        switch (options.Kind)
        {
            case TextEncoderKind.Onnx:
                Needed(options.ModelPath, options, nameof(options.ModelPath));
                Needed(options.TokenizerPath, options, nameof(options.TokenizerPath));
                break;
            case TextEncoderKind.Endpoint:
                AddressOf(options);
                Needed(options.EndpointModel, options, nameof(options.EndpointModel));
                break;
        }
    }

    /// <summary>
    /// The encoder of these options that all parts of the process share, loaded once and never disposed: a model takes a few hundred
    /// megabytes. Throws as <see cref="Create"/>, at each call.
    /// </summary>
    public static IContentEncoder<string> Shared(TextEncoderOptions options) =>
        s_shared.GetOrAdd(options with { }, key => new(() => Create(key))).Value;

    /// <exception cref="InvalidOperationException">As for <see cref="Check"/>, or texts are not encoded (None).</exception>
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
        _ => throw new InvalidOperationException($"There is no text encoder of kind {options.Kind}."),
    };

    private static GeneratorEncoder CreateEndpoint(TextEncoderOptions options)
    {
        var address = AddressOf(options);
        string model = Needed(options.EndpointModel, options, nameof(options.EndpointModel));
        // A redirect could carry texts to another machine.
        var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            Timeout = TimeSpan.FromSeconds(options.EndpointTimeoutSeconds)
        };
        byte[] hash = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(address.AbsoluteUri));
        string name = $"{model}-{Convert.ToHexStringLower(hash)[..8]}-{options.EndpointDimensions}";
        string? key = options.EndpointKey.Length > 0 ? options.EndpointKey : null;
        return new GeneratorEncoder(new OpenAiEmbeddingGenerator(http, address, model, key), name, options.EndpointDimensions);
    }

    private static Uri AddressOf(TextEncoderOptions options)
    {
        string endpoint = Needed(options.Endpoint, options, nameof(options.Endpoint));
        return Uri.TryCreate(endpoint, UriKind.Absolute, out var address) && address.Scheme is ("http" or "https") ? address
            : throw new InvalidOperationException($"Setting {TextEncoderOptions.Section}:{nameof(options.Endpoint)} must be an address "
                + $"with http or https; got {endpoint}.");
    }

    private static string Needed(string value, TextEncoderOptions options, string name) =>
        value.Length > 0 ? value : throw new InvalidOperationException(
            $"Setting {TextEncoderOptions.Section}:{name} is required for the text encoder {options.Kind}.");
}
