using System.IO.Hashing;
using System.Runtime.InteropServices;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Messaging.Streams;
using Recommender.Recommend.Answering;

namespace Recommender.Recommend.Recording;

/// <summary>Notes what was returned. Never waits, and allocates nothing once its records are in use. Thread-safe.</summary>
/// <param name="publisher">Null without a broker: then nothing is recorded.</param>
internal sealed class AnswerRecorder(AnswerQueue queue, RecommendOptions options, TimeProvider clock, IStreamPublisher? publisher = null)
{
    private readonly bool _isOn = options.RecordAnswers && publisher is not null;

    /// <param name="id">As written into the answer.</param>
    /// <param name="subject">Whom the answer is for; null for nobody in particular.</param>
    public void Record(in Answer answer, RecommendationId id, AnswerKind kind, UserRef? subject)
    {
        double share = _isOn ? answer.Request.Placement?.RecordShare ?? 1 : 0;
        if (share < 1 && !IsSampled(share, id, subject)) return;
        var record = queue.Rent();
        record.Id = id;
        record.AtMs = clock.GetUtcNow().ToUnixTimeMilliseconds();
        record.Kind = kind;
        record.Source = answer.Source;
        record.Placement = answer.Request.Placement?.Name;
        record.Subject = subject;
        record.ModelVersion = answer.Model?.Version ?? 0;
        record.Share = (float)share;
        record.Begin(answer.Items.Length);
        foreach (ref readonly var item in answer.Items)
            record.Add(new ServedItem(answer.State.Catalogue[item.Position]!.Key, item.Score));
        queue.Add(record);
    }

    /// <summary>All answers of a user or a session, or none. Those for nobody are drawn one by one.</summary>
    private static bool IsSampled(double share, RecommendationId id, UserRef? subject)
    {
        if (!(share > 0)) return false;
        ulong drawn = subject is { } known ? XxHash3.HashToUInt64(MemoryMarshal.AsBytes(known.Id.AsSpan()), known.IsSession ? 1 : 0)
            : (ulong)id.Value;
        return drawn < share * ulong.MaxValue;
    }
}
