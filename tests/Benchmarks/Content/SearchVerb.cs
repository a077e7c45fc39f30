using System.Diagnostics;
using System.Numerics.Tensors;
using Recommender.Benchmarks.Harness;
using Recommender.Encoders;
using Recommender.Encoders.Text;
using Recommender.Retrieval.Hybrid;
using Recommender.Retrieval.Lexical;

namespace Recommender.Benchmarks.Content;

/// <summary>
/// <c>search</c>: nDCG@10 of judged questions by words, by sentence vectors and by both, and the time of a question. The weights are chosen
/// on the odd questions for the even ones, and the other way round.
/// </summary>
internal static class SearchVerb
{
    /// <summary>Occurrences that a word of a title counts for.</summary>
    private const float TitleWeight = 1;

    private static readonly float[] s_meaningShares = [.. Enumerable.Range(0, 21).Select(n => n / 20f)];

    public static Benchmark Create()
    {
        var data = new BenchmarkOption<string?>("--data", "Folder with docs.tsv[.gz], queries.tsv[.gz] and qrels.tsv[.gz].");
        var items = BenchmarkOptions.Number("--items", "Items of a generated catalogue, to measure the latency of a server instead.", 0,
            least: 0);
        var rate = BenchmarkOptions.Number("--rate", "With --items: searches per second.", 100, least: 1);
        var seconds = BenchmarkOptions.Number("--seconds", "With --items: time of each measurement.", 20.0, least: .1).WithTiny(1);
        var warmUp = BenchmarkOptions.Number("--warm-up-seconds", "With --items: warm-up.", 10.0, least: 0).WithTiny(.5);
        var threads = BenchmarkOptions.Threads();
        return new Benchmark("search", "Search of judged questions: nDCG@10 of words, vectors and both. With --items: latency over HTTP.",
            data, items, rate, seconds, warmUp, threads)
        {
            Measure = (run, cancellation) =>
            {
                if (run.Get(items) is var count and > 0)
                    return SearchLoad.RunAsync(count, run.Get(rate), run.Get(seconds), run.Get(warmUp), cancellation);
                if (!run.IsTiny && run.Get(data) is null) throw new InvalidOperationException("search needs --data, --items or --tiny.");
                return RunAsync(run.IsTiny ? Judged.GenerateTiny() : Judged.Read(run.Get(data)!), run.Get(threads), cancellation);
            },
        };
    }

    private static async Task<object> RunAsync(Judged judged, int threads, CancellationToken cancellation)
    {
        using var encoder = TextEncoders.Create(new TextEncoderOptions { Threads = threads });
        var watch = Stopwatch.StartNew();
        float[] vectors = await EncodeAsync(encoder, [.. judged.Documents.Select(d => $"{d.Title}. {d.Text}")], cancellation);
        double encodeSeconds = watch.Elapsed.TotalSeconds;
        using var index = new LexicalIndex();
        foreach (var (position, document) in judged.Documents.Index())
            index.Put(position, [new(document.Title, TitleWeight), new(document.Text, 1)]);

        var candidates = new HybridCandidate[judged.Questions.Count][];
        var times = new double[candidates.Length];
        for (int question = 0; question < candidates.Length; question++)
        {
            watch.Restart();
            float[] query = await EncodeAsync(encoder, [judged.Questions[question].Text], cancellation);
            candidates[question] = Candidates(index, vectors, query, judged.Questions[question].Text, judged.Documents.Count);
            HybridRanking.Rank(candidates[question], new(1, 1));
            times[question] = watch.Elapsed.TotalMilliseconds;
        }

        Array.Sort(times);
        var trials = s_meaningShares.ToDictionary(share => share, share => Judge(judged, candidates, new(1 - share, share)));
        var folds = Enumerable.Range(0, 2).Select(fold =>
        {
            float best = s_meaningShares.MaxBy(share => Mean(judged, trials[share], id => id % 2 != fold));
            return (Share: best, Ndcg: trials[best].Where((_, question) => judged.Questions[question].Id % 2 == fold).ToArray());
        }).ToArray();
        return new
        {
            ndcgAt10 = Math.Round(folds.SelectMany(fold => fold.Ndcg).Average(), 4),
            bm25NdcgAt10 = Math.Round(trials[0].Average(), 4),
            vectorNdcgAt10 = Math.Round(trials[1].Average(), 4),
            p50Ms = Math.Round(times[times.Length / 2], 2),
            p99Ms = Math.Round(times[times.Length * 99 / 100], 2),
            meaningShares = folds.Select(fold => Math.Round(fold.Share, 2)),
            questions = judged.Questions.Count,
            documents = judged.Documents.Count,
            encodeSeconds = Math.Round(encodeSeconds, 1),
        };
    }

    private static double Mean(Judged judged, double[] ndcg, Func<int, bool> isTrained) =>
        ndcg.Where((_, question) => isTrained(judged.Questions[question].Id)).Average();

    private static double[] Judge(Judged judged, HybridCandidate[][] candidates, HybridWeights weights) =>
        [.. candidates.Select((found, question) =>
            judged.NdcgAt10(question, HybridRanking.Rank(found, weights).Where(item => item.Score > 0).Select(item => item.Item)))];

    /// <summary>Every document with its scores: the catalogue is small enough.</summary>
    private static HybridCandidate[] Candidates(LexicalIndex index, float[] vectors, float[] query, string text, int count)
    {
        var words = index.Search(text, count, completesLast: false).Items.ToDictionary(item => item.Item, item => item.Score);
        return [.. Enumerable.Range(0, count).Select(position => new HybridCandidate(position, words.GetValueOrDefault(position),
            TensorPrimitives.Dot<float>(query, vectors.AsSpan(position * query.Length, query.Length))))];
    }

    private static async Task<float[]> EncodeAsync(IContentEncoder<string> encoder, string[] texts, CancellationToken cancellation)
    {
        float[] vectors = new float[texts.Length * encoder.Description.Dimensions];
        await encoder.EncodeAsync(texts, vectors, cancellation);
        return vectors;
    }
}
