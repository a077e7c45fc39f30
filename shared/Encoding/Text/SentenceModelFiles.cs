namespace Recommender.Encoders.Text;

/// <summary>A sentence model: an ONNX file that takes <c>input_ids</c> and <c>attention_mask</c>, and its tokenizer.</summary>
/// <param name="ModelPath">The ONNX file. Its first output is tokens × dimensions per text, or one vector per text.</param>
/// <param name="TokenizerPath">A WordPiece vocabulary (<c>vocab.txt</c>) or a <c>tokenizer.json</c> of a BERT model.</param>
public sealed record SentenceModelFiles(string ModelPath, string TokenizerPath)
{
    public Pooling Pooling { get; init; }

    /// <summary>Whether the vocabulary is lower case. A <c>tokenizer.json</c> states it itself.</summary>
    public bool IsLowerCase { get; init; } = true;

    /// <summary>Tokens that are read of a text, including the two marks, 3 to 512.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>The model that ships with the product: all-MiniLM-L6-v2, English, 384 dimensions.</summary>
    public static SentenceModelFiles Packaged { get; } = new(PackagedModels.SentenceModel, PackagedModels.SentenceVocabulary);
}
