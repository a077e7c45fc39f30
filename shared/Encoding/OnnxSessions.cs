using Microsoft.ML.OnnxRuntime;

namespace Recommender.Encoders;

/// <summary>Opens models for ONNX Runtime.</summary>
internal static class OnnxSessions
{
    /// <param name="threads">Threads of one run.</param>
    /// <exception cref="ModelMissingException">The file does not exist, or is no model.</exception>
    public static InferenceSession Open(string path, int threads)
    {
        if (!File.Exists(path)) throw new ModelMissingException($"There is no model at '{path}'.");
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Idle threads would otherwise spin between batches and take a core from the services.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        try
        {
            return new InferenceSession(path, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelMissingException($"'{path}' is not a readable ONNX model: {e.Message}", e);
        }
    }
}
