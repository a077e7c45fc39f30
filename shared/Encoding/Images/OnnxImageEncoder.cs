using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Recommender.Encoders.Images;

/// <summary>
/// Encodes pictures on the processors of this machine. A vector has two parts of equal weight: the 512 features before the last layer of
/// the packaged ResNet-18 (He et al. 2016), and the 108 colours of a 6 × 6 grid. The features recognise what is shown, but change when a
/// picture is blurred. The colours recognise copies.
/// </summary>
public sealed class OnnxImageEncoder : IContentEncoder<Picture>
{
    private const int Side = 224, Deep = 512, Grid = 6, Dimensions = Deep + (3 * Grid * Grid);

    /// <summary>Mean and deviation of the values of the model's training pictures (ImageNet), by channel.</summary>
    private static readonly (float Mean, float Deviation)[] s_channels = [(.485f, .229f), (.456f, .224f), (.406f, .225f)];

    private readonly InferenceSession _session;
    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private readonly SemaphoreSlim _running = new(1, 1);

    /// <param name="threads">Threads that encode one picture, at least 1.</param>
    /// <exception cref="ModelMissingException">The model is not next to the program.</exception>
    public OnnxImageEncoder(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _session = OnnxSessions.Open(PackagedModels.ImageModel, threads);
        _inputs = [.. _session.InputMetadata.Keys];
        _outputs = [_session.OutputNames[0]];
        Description = new("resnet18-224-colours6-1", Dimensions, MaxTokens: 0, MaxCharacters: 0, threads);
    }

    public EncoderDescription Description { get; }

    public async Task EncodeAsync(IReadOnlyList<Picture> batch, Memory<float> vectors, CancellationToken cancellationToken)
    {
        Rows.Check(batch.Count, Dimensions, vectors);
        for (int at = 0; at < batch.Count; at++)
        {
            await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // The model takes one picture at a time.
                Run(batch[at], vectors.Span.Slice(at * Dimensions, Dimensions));
            }
            finally
            {
                _running.Release();
            }
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _running.Dispose();
    }

    private void Run(Picture picture, Span<float> row)
    {
        float[] square = new float[3 * Side * Side];
        picture.FitInto(Side, square);
        for (int channel = 0; channel < 3; channel++)
        {
            var (mean, deviation) = s_channels[channel];
            foreach (ref float value in square.AsSpan(channel * Side * Side, Side * Side)) value = (value - mean) / deviation;
        }

        using var input = OrtValue.CreateTensorValueFromMemory(square, [1, 3, Side, Side]);
        using var options = new RunOptions();
        using var results = _session.Run(options, _inputs, [input], _outputs);
        results[0].GetTensorDataAsSpan<float>().CopyTo(row);
        Rows.Normalize(row[..Deep]);
        var colours = row[Deep..];
        picture.FitInto(Grid, colours);
        // White is the background, also where a picture is transparent or not square: it has no share.
        TensorPrimitives.Subtract(1f, colours, colours);
        Rows.Normalize(colours);
        Rows.Normalize(row);
    }
}
