using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text;
using FastBertTokenizer;
using Microsoft.ML.OnnxRuntime;

namespace Recommender.Encoders.Text;

/// <summary>Encodes texts with a sentence model on the processors of this machine.</summary>
/// <remarks>
/// Texts are sorted by length and encoded in groups of <see cref="GroupTexts"/>, so that little is spent on filling. A group is one run of
/// the model. As many groups run at a time as processors are enough for; others take turns, so that a query waits for at most a group
/// of another caller.
/// </remarks>
public sealed class OnnxSentenceEncoder : IContentEncoder<string>
{
    /// <summary>Texts per run of the model.</summary>
    public const int GroupTexts = 32;

    /// <summary>Longer words are rare, and a text of this length fills the model's tokens many times over.</summary>
    private const int CharactersPerToken = 32;

    private readonly InferenceSession _session;
    private readonly BertTokenizer _tokenizer = new();
    private readonly Lock _tokenizing = new();
    private readonly SemaphoreSlim _running;
    private readonly Pooling _pooling;
    private readonly string[] _inputs;
    private readonly string[] _outputs;

    /// <param name="threads">Threads of one run of the model, at least 1.</param>
    /// <exception cref="ModelMissingException">A file does not exist, or is of another kind.</exception>
    public OnnxSentenceEncoder(SentenceModelFiles files, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(files.MaxTokens, 3);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(files.MaxTokens, 512);
        LoadTokenizer(files);
        _running = new SemaphoreSlim(Math.Max(1, Environment.ProcessorCount / threads));
        _pooling = files.Pooling;
        _session = OnnxSessions.Open(files.ModelPath, threads);
        _inputs = [.. _session.InputMetadata.Keys];
        _outputs = [_session.OutputNames[0]];
        if (_inputs.FirstOrDefault(name => name is not ("input_ids" or "attention_mask" or "token_type_ids")) is { } unknown)
        {
            _session.Dispose();
            throw new ModelMissingException($"'{files.ModelPath}' needs the input '{unknown}'. A sentence model takes input_ids, "
                + "attention_mask and token_type_ids.");
        }

        int dimensions = _session.OutputMetadata[_outputs[0]].Dimensions[^1];
        if (dimensions <= 0) dimensions = Measure();
        Description = new(NameOf(files), dimensions, files.MaxTokens, files.MaxTokens * CharactersPerToken, threads);
    }

    public EncoderDescription Description { get; }

    public async Task EncodeAsync(IReadOnlyList<string> batch, Memory<float> vectors, CancellationToken cancellationToken)
    {
        Rows.Check(batch.Count, Description.Dimensions, vectors);
        var tokens = new long[batch.Count][];
        for (int text = 0; text < tokens.Length; text++) tokens[text] = Tokenize(batch[text], Description.MaxTokens);
        int[] order = [.. Enumerable.Range(0, batch.Count)];
        Array.Sort(Array.ConvertAll(tokens, t => t.Length), order);
        foreach (int[] group in order.Chunk(GroupTexts))
        {
            await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // The model keeps its threads busy; the caller's thread is one of them.
                Run([.. group.Select(text => tokens[text])], group, vectors.Span);
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

    /// <summary>Number of tokens that the model reads of a text, including the two marks; 0 if the text has none.</summary>
    public int CountTokens(string text) => Tokenize(text, Description.MaxTokens).Length;

    private void LoadTokenizer(SentenceModelFiles files)
    {
        if (!File.Exists(files.TokenizerPath)) throw new ModelMissingException($"There is no tokenizer at '{files.TokenizerPath}'.");
        try
        {
            if (files.TokenizerPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                using var json = File.OpenRead(files.TokenizerPath);
                _tokenizer.LoadTokenizerJson(json);
                return;
            }

            using var vocabulary = new StreamReader(files.TokenizerPath, System.Text.Encoding.UTF8);
            _tokenizer.LoadVocabulary(vocabulary, files.IsLowerCase, "[UNK]", "[CLS]", "[SEP]", "[PAD]", NormalizationForm.FormD);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.Text.Json.JsonException)
        {
            throw new ModelMissingException($"'{files.TokenizerPath}' is not a tokenizer of a BERT model: {e.Message}", e);
        }
    }

    /// <summary>Token ids including the marks; empty if nothing lies between them.</summary>
    private long[] Tokenize(string text, int maxTokens)
    {
        string cleaned = TextCleaning.Clean(text, maxTokens * CharactersPerToken);
        if (cleaned.Length == 0) return [];
        // The tokenizer answers in a buffer of its own, which the next call overwrites.
        lock (_tokenizing)
        {
            var (ids, _, _) = _tokenizer.Encode(cleaned, maxTokens, null);
            return ids.Length <= 2 ? [] : ids.ToArray();
        }
    }

    private void Run(long[][] tokens, int[] rows, Span<float> vectors)
    {
        int dimensions = Description.Dimensions, length = tokens.Max(t => t.Length);
        foreach (int row in rows) vectors.Slice(row * dimensions, dimensions).Clear();
        if (length == 0) return;
        using var results = Infer(tokens, length);
        var shape = results[0].GetTensorTypeAndShape().Shape;
        var output = results[0].GetTensorDataAsSpan<float>();
        for (int text = 0; text < tokens.Length; text++)
        {
            if (tokens[text].Length == 0) continue;
            var row = vectors.Slice(rows[text] * dimensions, dimensions);
            if (shape.Length == 2) output.Slice(text * dimensions, dimensions).CopyTo(row);
            else Pool(output.Slice(text * length * dimensions, tokens[text].Length * dimensions), row);
            Rows.Normalize(row);
        }
    }

    private IDisposableReadOnlyCollection<OrtValue> Infer(long[][] tokens, int length)
    {
        long[] ids = new long[tokens.Length * length], mask = new long[ids.Length], types = new long[ids.Length];
        for (int text = 0; text < tokens.Length; text++)
        {
            tokens[text].CopyTo(ids, text * length);
            mask.AsSpan(text * length, tokens[text].Length).Fill(1);
        }

        long[] shape = [tokens.Length, length];
        OrtValue[] inputs = [.. _inputs.Select(name => OrtValue.CreateTensorValueFromMemory(name switch
        {
            "input_ids" => ids,
            "attention_mask" => mask,
            _ => types,
        }, shape))];
        try
        {
            using var options = new RunOptions();
            return _session.Run(options, _inputs, inputs, _outputs);
        }
        finally
        {
            foreach (var input in inputs) input.Dispose();
        }
    }

    private void Pool(ReadOnlySpan<float> tokens, Span<float> row)
    {
        if (_pooling == Pooling.First)
        {
            tokens[..row.Length].CopyTo(row);
            return;
        }

        for (int at = 0; at < tokens.Length; at += row.Length) TensorPrimitives.Add(row, tokens.Slice(at, row.Length), row);
    }

    private int Measure()
    {
        using var results = Infer([Tokenize("a", 3)], 3);
        return (int)results[0].GetTensorTypeAndShape().Shape[^1];
    }

    /// <summary>The file's name and hash, and whatever else decides about the vectors.</summary>
    private static string NameOf(SentenceModelFiles files)
    {
        using var model = File.OpenRead(files.ModelPath);
        string hash = Convert.ToHexStringLower(SHA256.HashData(model))[..16];
        string folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(files.ModelPath)))!;
        return $"{folder}-{hash}-{files.Pooling}-{files.MaxTokens}".ToLowerInvariant();
    }
}
