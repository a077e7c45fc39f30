namespace Recommender.Encoders;

/// <summary>
/// Models that ship with the product, in the folder <c>models</c> next to the program: all-MiniLM-L6-v2 for English sentences
/// (Apache-2.0) and ResNet-18 for pictures (MIT).
/// </summary>
public static class PackagedModels
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "models");

    internal static string SentenceModel => Path.Combine(Folder, "minilm", "model.onnx");

    internal static string SentenceVocabulary => Path.Combine(Folder, "minilm", "vocab.txt");

    internal static string ImageModel => Path.Combine(Folder, "resnet18", "model.onnx");

    /// <summary>Whether the sentence model is next to this program.</summary>
    public static bool HasSentenceModel => File.Exists(SentenceModel) && File.Exists(SentenceVocabulary);

    /// <summary>Whether the image model is next to this program.</summary>
    public static bool HasImageModel => File.Exists(ImageModel);
}
