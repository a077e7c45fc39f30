namespace Recommender.Recommend;

/// <summary>Log events 3000 to 3999. An id is never given to another event: alarms are keyed by it.</summary>
internal static partial class RecommendLog
{
    [LoggerMessage(3000, LogLevel.Warning,
        "The factor store is unavailable. Until it returns, answers come from memory: popular items, and histories given in requests.")]
    public static partial void StoreLost(this ILogger logger, Exception exception);

    [LoggerMessage(3001, LogLevel.Information, "The factor store is available again. Users' histories count in answers again.")]
    public static partial void StoreReturned(this ILogger logger);

    [LoggerMessage(3010, LogLevel.Information, "The factor store has new content ({Generation}). The catalogue is read again.")]
    public static partial void CatalogueReloads(this ILogger logger, string generation);

    [LoggerMessage(3020, LogLevel.Information, "Serving model {Version}: {Learner}, {Items} items × {Rank}, {Index}.")]
    public static partial void ModelServed(this ILogger logger, long version, string learner, int items, int rank, string index);

    [LoggerMessage(3021, LogLevel.Error,
        "The released model {Version} cannot be loaded and is tried again. Model {Served} stays in service.")]
    public static partial void ModelNotLoaded(this ILogger logger, Exception exception, long version, long? served);

    [LoggerMessage(3022, LogLevel.Information, "Rebuilt the index of model {Version} with {Rows} later items: {Index}.")]
    public static partial void IndexRebuilt(this ILogger logger, long version, int rows, string index);

    [LoggerMessage(3023, LogLevel.Error,
        "The index of model {Version} could not be rebuilt. Later items are searched separately, which takes longer and changes no answer.")]
    public static partial void IndexNotRebuilt(this ILogger logger, Exception exception, long version);

    [LoggerMessage(3030, LogLevel.Information,
        "Built the index of similar users: {Users} users of model {Version}, one of {Sample}, in {Seconds:0.0} s.")]
    public static partial void SimilarUsersIndexed(this ILogger logger, int users, long version, int sample, double seconds);

    [LoggerMessage(3040, LogLevel.Warning, "{Answers} answers and the last message were not recorded before the stop: {Reason}")]
    public static partial void RecordsNotPublished(this ILogger logger, int answers, string reason);

    [LoggerMessage(3100, LogLevel.Warning, "Queries cannot be encoded. Searches go by words alone until the encoder answers.")]
    public static partial void QueriesNotEncoded(this ILogger logger, Exception exception);
}
