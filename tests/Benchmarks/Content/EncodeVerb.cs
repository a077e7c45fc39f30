using System.Diagnostics;
using System.Numerics.Tensors;
using Recommender.Benchmarks.Harness;
using Recommender.Benchmarks.Quality;
using Recommender.Encoders;
using Recommender.Encoders.Text;

namespace Recommender.Benchmarks.Content;

/// <summary>
/// <c>encode</c>: texts per second of a text encoder, its memory, and the rank correlation of its cosines with judgements of people.
/// </summary>
internal static class EncodeVerb
{
    private const int LongTokens = 77;

    public static Benchmark Create()
    {
        var data = new BenchmarkOption<string?>("--data", "Folder with pairs.tsv[.gz]: lang, sentence1, sentence2, score.")
        {
            IsRequiredUnlessTiny = true
        };
        var titles = new BenchmarkOption<string?>("--titles",
            "Folder with online_retail.csv[.gz], whose titles are encoded for textsPerSecond. Default: online-retail-uci among the public "
            + "data sets; without it, the English sentences.").WithTiny(null);
        var encoder = BenchmarkOptions.Choice("--encoder", "packaged (sentence model) or subwords (no model).", "packaged", "packaged",
            "subwords");
        var threads = BenchmarkOptions.Threads();
        return new Benchmark("encode", "Text encoder: texts per second, memory, correlation with judged similarity.",
            data, titles, encoder, threads)
        {
            Measure = (run, cancellation) =>
            {
                var pairs = run.IsTiny ? SentencePair.GenerateTiny() : SentencePair.Read(run.Get(data)!);
                var kind = run.Get(encoder) == "packaged" ? TextEncoderKind.Packaged : TextEncoderKind.Subwords;
                var options = new TextEncoderOptions { Kind = kind, Threads = run.Get(threads) };
                return RunAsync(pairs, run.IsTiny ? null : Titles(run.Get(titles)), options, cancellation);
            },
        };
    }

    private static string[]? Titles(string? folder)
    {
        folder ??= LearningData.Root() is { } root ? Path.Combine(root, "online-retail-uci") : null;
        return folder is null || !Directory.Exists(folder) ? null
            : [.. LearningData.ReadTimedWithContent(folder).Texts.Select(text => text?.Title ?? "").Where(title => title.Length > 0)];
    }

    private static async Task<object> RunAsync(IReadOnlyList<SentencePair> pairs, string[]? titles, TextEncoderOptions options,
        CancellationToken cancellation)
    {
        long before = ResidentBytes();
        using var encoder = TextEncoders.Create(options);
        titles ??= [.. pairs.Where(pair => pair.Language == "en").Select(pair => pair.First)];
        string[] longTexts = LongTexts(encoder, titles);
        // The first runs allocate the model's work space.
        await EncodeAsync(encoder, titles[..Math.Min(titles.Length, 64)], cancellation);
        var (textsPerSecond, processorMs) = await SpeedAsync(encoder, titles, cancellation);
        var (longPerSecond, longProcessorMs) = await SpeedAsync(encoder, longTexts, cancellation);
        long memory = ResidentBytes() - before;
        var spearman = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var language in pairs.GroupBy(pair => pair.Language))
        {
            SentencePair[] judged = [.. language];
            var first = await EncodeAsync(encoder, [.. judged.Select(pair => pair.First)], cancellation);
            var second = await EncodeAsync(encoder, [.. judged.Select(pair => pair.Second)], cancellation);
            double[] cosines = [.. first.Zip(second, (a, b) => (double)TensorPrimitives.Dot<float>(a, b))];
            spearman[language.Key] = Math.Round(Ranks.Spearman(cosines, [.. judged.Select(pair => pair.Score)]), 4);
        }

        return new
        {
            textsPerSecond = Math.Round(textsPerSecond),
            longTextsPerSecond = Math.Round(longPerSecond),
            processorMsPerText = Math.Round(processorMs, 3),
            processorMsPerLongText = Math.Round(longProcessorMs, 2),
            spearman = spearman["en"],
            memoryBytes = memory,
            encoder.Description.Model,
            encoder.Description.Dimensions,
            encoder.Description.MaxTokens,
            encoder.Description.Threads,
            texts = titles.Length,
            spearmanByLanguage = spearman,
        };
    }

    /// <summary>256 texts that the model reads to <see cref="LongTokens"/> tokens, made of titles.</summary>
    private static string[] LongTexts(IContentEncoder<string> encoder, string[] titles)
    {
        var texts = new string[Math.Min(256, titles.Length)];
        for (int text = 0; text < texts.Length; text++)
        {
            string[] words = [.. Enumerable.Range(0, LongTokens).SelectMany(at => titles[(text + at) % titles.Length].Split(' '))];
            int count = LongTokens - 2;
            if (encoder is OnnxSentenceEncoder model)
                while (count > 1 && model.CountTokens(string.Join(' ', words.Take(count))) > LongTokens) count--;
            texts[text] = string.Join(' ', words.Take(count));
        }

        return texts;
    }

    /// <summary>Texts per second, and processor time per text, which other work on the machine hardly changes.</summary>
    private static async Task<(double PerSecond, double ProcessorMs)> SpeedAsync(IContentEncoder<string> encoder, string[] texts,
        CancellationToken cancellation)
    {
        var processor = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        await EncodeAsync(encoder, texts, cancellation);
        double seconds = watch.Elapsed.TotalSeconds;
        return (texts.Length / seconds, (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / texts.Length);
    }

    private static async Task<float[][]> EncodeAsync(IContentEncoder<string> encoder, string[] texts, CancellationToken cancellation)
    {
        float[] vectors = new float[texts.Length * encoder.Description.Dimensions];
        await encoder.EncodeAsync(texts, vectors, cancellation);
        return [.. vectors.Chunk(encoder.Description.Dimensions)];
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
