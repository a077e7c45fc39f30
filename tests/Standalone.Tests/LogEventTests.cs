using System.Reflection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Recommender.Standalone.Tests;

/// <summary>The log events of all services and shared libraries: alarms are keyed by their ids, so an id never changes its
/// meaning.</summary>
public sealed class LogEventTests
{
    private static readonly Dictionary<int, string> s_table = new()
    {
        [1] = "Warning WorkInterrupted",
        [2] = "Information WorkResumed",
        [3] = "Error WorkFailed",
        [10] = "Warning DependencyLost",
        [11] = "Information DependencyReturned",
        [20] = "Error RequestFailed",
        [30] = "Warning KeyFileIsEmpty",
        [31] = "Error KeysNotReloaded",
        [32] = "Information NoKeys",
        [33] = "Warning NoTls",
        [100] = "Error BatchFailed",
        [101] = "Error BatchStillFails",
        [110] = "Warning ConsumerInterrupted",
        [120] = "Debug NoticeNotSent",
        [121] = "Warning NoticeFailed",
        [2000] = "Debug EventsStored",
        [2100] = "Information TrainingStarts",
        [2101] = "Information AnotherInstanceTrains",
        [2102] = "Information NothingToLearn",
        [2103] = "Information ModelEvaluated",
        [2104] = "Information ModelTrained",
        [2105] = "Information ReleaseDecided",
        [2106] = "Error TrainingFailed",
        [2107] = "Information EncoderSkipped",
        [2108] = "Information EncoderTrained",
        [2120] = "Information SearchStarts",
        [2121] = "Information SearchResumes",
        [2122] = "Information SearchEnded",
        [2123] = "Warning StoredSettingsIgnored",
        [2200] = "Information ModelReleased",
        [2201] = "Information StatisticsCopied",
        [2202] = "Warning RequestUnanswered",
        [2300] = "Information UserErased",
        [2301] = "Information ErasureCompleted",
        [2302] = "Warning ErasureLate",
        [2303] = "Debug ErasureUnknown",
        [2304] = "Debug ErasureWaits",
        [2310] = "Information OldEventsRemoved",
        [2400] = "Information TextsEncoded",
        [2900] = "Information CountingTransitions",
        [2901] = "Information TransitionsProgressed",
        [2902] = "Information TransitionsCounted",
        [2903] = "Information TransitionsLoaded",
        [2904] = "Warning TransitionsReplaced",
        [2910] = "Information MixChosen",
        [2911] = "Information MixNotChosen",
        [3000] = "Warning StoreLost",
        [3001] = "Information StoreReturned",
        [3010] = "Information CatalogueReloads",
        [3020] = "Information ModelServed",
        [3021] = "Error ModelNotLoaded",
        [3022] = "Information IndexRebuilt",
        [3023] = "Error IndexNotRebuilt",
        [3030] = "Information SimilarUsersIndexed",
        [3040] = "Warning RecordsNotPublished",
        [3100] = "Warning QueriesNotEncoded",
        [4000] = "Warning ServiceFailed",
        [4001] = "Warning ReplicaLost",
        [4002] = "Information ReplicaReturned",
        [5000] = "Debug AnswersStored",
        [5001] = "Information AnswersRemoved",
    };

    [Fact]
    public void Every_log_event_has_an_id_of_its_own_and_is_in_the_table()
    {
        var events = Directory.GetFiles(AppContext.BaseDirectory, "Recommender.*.dll").Select(Assembly.LoadFrom)
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(method => (method.Name, Event: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(method => method.Event is not null)
            .Select(method => (method.Event!.EventId, Text: $"{method.Event.Level} {method.Name}")).ToList();
        Assert.Empty(events.GroupBy(e => e.EventId).Where(same => same.Count() > 1).SelectMany(same => same));
        Assert.Equal(s_table.OrderBy(e => e.Key), events.Select(e => KeyValuePair.Create(e.EventId, e.Text)).OrderBy(e => e.Key));
    }

    [Fact]
    public void Messages_end_as_sentences_or_with_a_reason()
    {
        var wrong = Directory.GetFiles(AppContext.BaseDirectory, "Recommender.*.dll").Select(Assembly.LoadFrom)
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.Message)
            .Where(message => message is not null && !message.EndsWith('.') && !message.EndsWith("{Reason}", StringComparison.Ordinal));
        Assert.Equal(["{Dependency} is available again"], wrong);
    }
}
