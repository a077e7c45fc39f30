namespace Recommender.Trainer;

/// <summary>Log events 2000 to 2999. Ids are never reused, because alarms refer to them.</summary>
internal static partial class TrainerLog
{
    [LoggerMessage(2000, LogLevel.Debug, "Stored {Stored} events of {Users} users; {Duplicates} duplicates, {Dropped} dropped.")]
    public static partial void EventsStored(this ILogger logger, int stored, int users, int duplicates, int dropped);

    [LoggerMessage(2100, LogLevel.Information, "Training starts: {Reason}.")]
    public static partial void TrainingStarts(this ILogger logger, string reason);

    [LoggerMessage(2101, LogLevel.Information, "No training: another instance is training.")]
    public static partial void AnotherInstanceTrains(this ILogger logger);

    [LoggerMessage(2102, LogLevel.Information,
        "No training: none of the {Events} events has a type with a weight and an item of the catalogue.")]
    public static partial void NothingToLearn(this ILogger logger, int events);

    [LoggerMessage(2103, LogLevel.Information,
        "Evaluated {Name} on {Users} held-out users: Recall@20 {Recall:0.0000}, NDCG@20 {Ndcg:0.0000}.")]
    public static partial void ModelEvaluated(this ILogger logger, string name, int users, double recall, double ndcg);

    [LoggerMessage(2104, LogLevel.Information,
        "Trained model {Version}: {Learner}, rank {Rank}, {Users} users, {Items} items, {Interactions} interactions, {Seconds:0.0} s.")]
    public static partial void ModelTrained(
        this ILogger logger, long version, string learner, int rank, int users, int items, long interactions, double seconds);

    [LoggerMessage(2105, LogLevel.Information, "Release decision for model {Version}: {Reason}")]
    public static partial void ReleaseDecided(this ILogger logger, long version, string reason);

    [LoggerMessage(2106, LogLevel.Error, "Training failed. The next one starts on request or after new events.")]
    public static partial void TrainingFailed(this ILogger logger, Exception exception);

    [LoggerMessage(2107, LogLevel.Information,
        "The model gets no encoder of sessions: {Pairs} pairs of an item and the next one are fewer than {Least}.")]
    public static partial void EncoderSkipped(this ILogger logger, int pairs, int least);

    [LoggerMessage(2108, LogLevel.Information, "Trained an encoder of sessions on {Pairs} pairs in {Seconds:0.0} s.")]
    public static partial void EncoderTrained(this ILogger logger, int pairs, double seconds);

    [LoggerMessage(2120, LogLevel.Information, "The search for settings starts: {Reason}.")]
    public static partial void SearchStarts(this ILogger logger, string reason);

    [LoggerMessage(2121, LogLevel.Information, "The search for settings resumes where it was cut short.")]
    public static partial void SearchResumes(this ILogger logger);

    [LoggerMessage(2122, LogLevel.Information, "The search for settings ended after {Trials} trials. The next training uses {Settings}.")]
    public static partial void SearchEnded(this ILogger logger, int trials, object settings);

    [LoggerMessage(2123, LogLevel.Warning, "The stored {What} cannot be read and are ignored: {Reason}")]
    public static partial void StoredSettingsIgnored(this ILogger logger, string what, string reason);

    [LoggerMessage(2200, LogLevel.Information, "Released model {Version}.")]
    public static partial void ModelReleased(this ILogger logger, long version);

    [LoggerMessage(2201, LogLevel.Information, "Copied the recounted statistics of all items to the factor store.")]
    public static partial void StatisticsCopied(this ILogger logger);

    [LoggerMessage(2202, LogLevel.Warning, "{Request} got no answer over the bus and is carried out by this instance: {Reason}")]
    public static partial void RequestUnanswered(this ILogger logger, string request, string reason);

    [LoggerMessage(2300, LogLevel.Information, "Erased a user from the stores. Erasure {ErasureId} goes on with the other stages.")]
    public static partial void UserErased(this ILogger logger, string erasureId);

    [LoggerMessage(2301, LogLevel.Information, "Erasure {ErasureId} is complete.")]
    public static partial void ErasureCompleted(this ILogger logger, string erasureId);

    [LoggerMessage(2302, LogLevel.Warning, "{Problem} It is retried until it is complete.")]
    public static partial void ErasureLate(this ILogger logger, string problem);

    [LoggerMessage(2303, LogLevel.Debug, "{Message} of the unknown erasure {ErasureId} is ignored.")]
    public static partial void ErasureUnknown(this ILogger logger, string message, string erasureId);

    [LoggerMessage(2304, LogLevel.Debug, "Erasure {ErasureId} waits for a server.")]
    public static partial void ErasureWaits(this ILogger logger, Exception exception, string erasureId);

    [LoggerMessage(2310, LogLevel.Information, "Removed {Events} events that occurred before {Before:u}.")]
    public static partial void OldEventsRemoved(this ILogger logger, long events, DateTimeOffset before);

    [LoggerMessage(2900, LogLevel.Information, "Counting the transitions of {Events} events.")]
    public static partial void CountingTransitions(this ILogger logger, long events);

    [LoggerMessage(2901, LogLevel.Information, "Counted the transitions of {Counted} of {Events} events; the others follow.")]
    public static partial void TransitionsProgressed(this ILogger logger, long counted, long events);

    [LoggerMessage(2902, LogLevel.Information, "Counted the transitions of {Events} events; they take {Bytes} bytes of memory.")]
    public static partial void TransitionsCounted(this ILogger logger, long events, long bytes);

    [LoggerMessage(2903, LogLevel.Information, "Loaded the transitions of {Events} events; later events are applied next.")]
    public static partial void TransitionsLoaded(this ILogger logger, long events);

    [LoggerMessage(2904, LogLevel.Warning,
        "A Trainer with other transition settings has replaced the rows. This one leaves them alone until it is restarted.")]
    public static partial void TransitionsReplaced(this ILogger logger);

    [LoggerMessage(2910, LogLevel.Information, "Chose the score mix of event {Number}: users {Known}, sessions {Anonymous}.")]
    public static partial void MixChosen(this ILogger logger, long number, object known, object anonymous);

    [LoggerMessage(2911, LogLevel.Information,
        "Kept the score mix at event {Number}: {Questions} questions are fewer than {Least}.")]
    public static partial void MixNotChosen(this ILogger logger, long number, int questions, int least);

    [LoggerMessage(2400, LogLevel.Information, "Encoded the texts of {Items} items with {Model}.")]
    public static partial void TextsEncoded(this ILogger logger, int items, string model);
}
