using Recommender.LocalServers;

namespace Recommender.Benchmarks.Tests;

/// <summary>A run of a verb with <c>--tiny</c>, the servers that it needs, and the names of its figures.</summary>
public sealed record TinyRun(string Verb, string Arguments, string Figures)
{
    private static readonly IReadOnlyList<string> s_all =
        [.. RabbitMqServer.RequiredPrograms, .. RedisServer.RequiredPrograms, .. PostgresServer.RequiredPrograms];

    private const string Quality =
        "recallAt20 ndcgAt20 trainSeconds tuneSeconds rank settings users items interactions peakMemoryBytes";

    private const string Ingest = "mode batch seconds connections acceptedPerSecond requestsPerSecond storedPerSecond "
        + "floorPublishPerSecond floorCopyPerSecond peakMemoryBytes peakMemoryByService processorMicrosecondsPerEvent transitionUsPerEvent "
        + "transitionRedisUsPerEvent refused";

    private const string Freshness = "mode seconds probes p50Ms p95Ms p99Ms maxMs firstClickProbes firstClickP50Ms firstClickP99Ms stages "
        + "floorP50Ms floorP99Ms acceptP50Ms acceptP99Ms loadProcessorShare processorShare";

    /// <summary>At least one run of every verb. Other programs read these figures, so a renamed one must fail here.</summary>
    public static IReadOnlyList<TinyRun> All { get; } =
    [
        new("quality", "", Quality),
        new("quality", "--data /nowhere --tune --rank 256 --budget-seconds 600 --baselines", Quality),
        new("quality", "--learner ease", Quality),
        new("quality", "--cold", "Items Users Content Popularity Random"),
        new("topk", "--items 1000000 --rank 128", "items rank floorUs float32Us exactUs neighbourhoodUs neighbourhoodRecallAt20 filterUs "
            + "filterRecallAt20 exactFilterUs loadSeconds memoryBytes"),
        new("train", "--users 2000000 --items 200000 --interactions 100000000", "users items interactions rank threads secondsPerEpoch "
            + "gigaflops peakGigaflops peakMemoryBytes bytesPerInteraction"),
        new("shapes", "", "tiny"),
        new("ingest", "--mode embedded", Ingest),
        new("ingest", "--mode servers --batch 1 --seconds 6", Ingest) { Programs = s_all },
        new("freshness", "--mode embedded", Freshness),
        new("freshness", "--mode servers --seconds 20", Freshness) { Programs = s_all },
        new("serve", "--items 1000000 --seconds 6", "items rank bareRps recommendRps ratio rateRps p50Ms p99Ms bareP99Ms bareCpuUs "
            + "recommendCpuUs redisCpuUs allocatedBytesPerRequest transitionUsPerAnswer transitionBytesPerItem")
        {
            Programs = RedisServer.RequiredPrograms
        },
        new("similar-users", "--users 1000000", "users rank recall20 buildSeconds buildRecommendCpuSeconds buildRedisCpuSeconds "
            + "bytesPerUser p50Us p99Us") { Programs = RedisServer.RequiredPrograms },
        new("sessions", "--data /nowhere",
            "p20 mrr20 knnP20 knnMrr20 encoderP20 encoderMrr20 rulesP20 rulesMrr20 trainSeconds searchSeconds pairs"),
        new("sequences", "",
            "hr10 ndcg10 rulesHr10 rulesNdcg10 encoderHr10 encoderNdcg10 tunedRulesHr10 tunedRulesNdcg10 knnHr10 knnNdcg10 "
            + "trainSeconds searchSeconds users"),
        new("transitions", "--events 1000000", "events items seconds usPerEvent additionsPerEvent rows longestRow evictingRows bytes "
            + "bytesPerItem peakMemoryBytes"),
        new("encode", "--data /nowhere", "textsPerSecond longTextsPerSecond processorMsPerText "
            + "processorMsPerLongText spearman memoryBytes model dimensions maxTokens threads texts spearmanByLanguage"),
        new("search", "--data /nowhere",
            "ndcgAt10 bm25NdcgAt10 vectorNdcgAt10 p50Ms p99Ms meaningShares questions documents encodeSeconds"),
        new("search", "--items 500 --rate 50", "items rateRps p50Ms p99Ms cachedP50Ms cachedP99Ms recommendBytes encoderBytes")
        {
            Programs = RedisServer.RequiredPrograms
        },
        new("replay", "--data /nowhere", "asked product baselines p50Ms p99Ms clicks warmClicks items"),
        new("baskets", "--data /nowhere --choose",
            "togetherRecall20 similarRecall20 coCountRecall20 asked baskets items countSeconds trainSeconds bytesPerItem"),
    ];

    /// <summary>Server programs without which the run is skipped.</summary>
    public IReadOnlyList<string> Programs { get; init; } = [];

    public override string ToString() => $"{Verb} {Arguments}".Trim();
}
