using System.Buffers.Binary;
using System.Globalization;
using Recommender.FactorStore.Transitions;
using StackExchange.Redis;

namespace Recommender.FactorStore.Redis;

public sealed partial class RedisFactorStore
{
    private const int RowsPerScript = 200, RowHeaderBytes = 16;

    private static readonly RedisKey[] s_transitionKeys =
    [
        "rec:{transitions}:rows", "rec:{transitions}:feed", "rec:{transitions}:position", "rec:{transitions}:generation",
        "rec:{transitions}:watermark", "rec:{transitions}:mix",
    ];

    private static readonly RedisChannel s_transitionsChanged = RedisChannel.Literal("rec:{transitions}:changed");

    public Task<TransitionWatermark?> GetTransitionWatermarkAsync(CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            var values = await database.StringGetAsync([s_transitionKeys[3], s_transitionKeys[4]]).WaitAsync(_timeout, cancellationToken)
                .ConfigureAwait(false);
            return values[0].IsNull || values[1].IsNull ? null : ReadWatermark(values[0], values[1]);
        }, cancellationToken);

    public Task<TransitionWrite> PutTransitionsAsync(IReadOnlyList<TransitionRowRecord> rows, TransitionWatermark? watermark,
        CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            List<int> recounted = [];
            bool hasOvertaken = false;
            for (int start = 0; start == 0 || start < rows.Count; start += RowsPerScript)
            {
                int count = Math.Min(RowsPerScript, rows.Count - start);
                bool isLast = start + count == rows.Count;
                var values = new RedisValue[2 + (2 * count)];
                values[0] = watermark is null ? RedisValue.EmptyString : watermark.Generation;
                values[1] = watermark is null || !isLast || recounted.Count > 0 ? RedisValue.EmptyString
                    : WatermarkBytes(watermark.Sequence);
                for (int i = 0; i < count; i++)
                    (values[2 + (2 * i)], values[3 + (2 * i)]) = (rows[start + i].ItemKey, RowBytes(rows[start + i]));
                var answer = (RedisResult[])(await EvaluateAsync(database, RedisScripts.PutTransitions, s_transitionKeys, values,
                    cancellationToken).ConfigureAwait(false))!;
                if ((int)answer[0] == 0) return new TransitionWrite(IsCurrent: false, []);
                hasOvertaken |= (int)answer[1] != 0;
                recounted.AddRange(answer.Skip(2).Select(key => (int)key));
            }

            await AnnounceAsync(database).ConfigureAwait(false);
            return new TransitionWrite(IsCurrent: true, recounted, hasOvertaken);
        }, cancellationToken);

    public Task<TransitionWatermark> CompleteTransitionsAsync(TransitionWatermark watermark, string? replaced,
        CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            var answer = (RedisResult[])(await EvaluateAsync(database, RedisScripts.CompleteTransitions, s_transitionKeys,
                [watermark.Generation, WatermarkBytes(watermark.Sequence), replaced ?? ""], cancellationToken).ConfigureAwait(false))!;
            await AnnounceAsync(database).ConfigureAwait(false);
            return ReadWatermark((RedisValue)answer[0], (RedisValue)answer[1]);
        }, cancellationToken);

    public Task ClearTransitionsAsync(CancellationToken cancellationToken) =>
        // The position stays, so that readers of the feed see what comes after.
        RunAsync(database => database.KeyDeleteAsync([s_transitionKeys[0], s_transitionKeys[1], s_transitionKeys[3], s_transitionKeys[4],
            s_transitionKeys[5]])
            .WaitAsync(_timeout, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<TransitionRowRecord>> ReadTransitionsAsync(IReadOnlyCollection<int> itemKeys,
        CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            var found = new List<TransitionRowRecord>(itemKeys.Count);
            foreach (int[] keys in itemKeys.Chunk(RowsPerScript))
            {
                var values = await database.HashGetAsync(s_transitionKeys[0], [.. keys.Select(key => (RedisValue)key)])
                    .WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
                for (int i = 0; i < keys.Length; i++)
                    if (!values[i].IsNull) found.Add(ReadRow(keys[i], (byte[])values[i]!));
            }

            return (IReadOnlyList<TransitionRowRecord>)found;
        }, cancellationToken);

    public Task<TransitionChanges> ReadTransitionChangesAsync(long afterPosition, int limit, CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            limit = Math.Clamp(limit, 1, 2000);
            var answer = (RedisResult[])(await EvaluateAsync(database, RedisScripts.ReadTransitionChanges, s_transitionKeys,
                [afterPosition, limit], cancellationToken).ConfigureAwait(false))!;
            var feed = (RedisResult[])answer[2]!;
            var values = (RedisResult[])answer[3]!;
            var rows = new TransitionRowRecord[feed.Length / 2];
            long reached = afterPosition;
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = ReadRow((int)feed[2 * i], (byte[]?)values[i] ?? []);
                reached = long.Parse((string)feed[(2 * i) + 1]!, NumberStyles.Float, CultureInfo.InvariantCulture);
            }

            long newest = (long)answer[1];
            bool more = rows.Length == limit && reached < newest;
            return new TransitionChanges
            {
                Generation = (string?)answer[0],
                Rows = rows,
                Position = more ? reached : newest,
                More = more,
                Mix = ((byte[]?)answer[4])?[sizeof(long)..],
            };
        }, cancellationToken);

    public Task PutScoreMixAsync(long number, ReadOnlyMemory<byte> mix, CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            byte[] bytes = new byte[sizeof(long) + mix.Length];
            BinaryPrimitives.WriteInt64BigEndian(bytes, number);
            mix.CopyTo(bytes.AsMemory(sizeof(long)));
            await EvaluateAsync(database, RedisScripts.PutScoreMix, s_transitionKeys, [bytes], cancellationToken).ConfigureAwait(false);
            await AnnounceAsync(database).ConfigureAwait(false);
            return true;
        }, cancellationToken);

    public Task WatchTransitionsAsync(Action changed, CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            var subscriber = database.Multiplexer.GetSubscriber();
            void Handle(RedisChannel channel, RedisValue message) => changed();
            // The client subscribes again after every loss of the connection.
            await subscriber.SubscribeAsync(s_transitionsChanged, Handle).WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await subscriber.UnsubscribeAsync(s_transitionsChanged, Handle, CommandFlags.FireAndForget).ConfigureAwait(false);
            return true;
        }, cancellationToken);

    /// <summary>Tells readers of the feed to look. They also poll, so nothing waits for it.</summary>
    private static Task<long> AnnounceAsync(IDatabase database) => database.Multiplexer.GetSubscriber()
        .PublishAsync(s_transitionsChanged, RedisValue.EmptyString, CommandFlags.FireAndForget);

    /// <summary>Recount (8), sequence (8), both big-endian, then the row.</summary>
    private static byte[] RowBytes(TransitionRowRecord record)
    {
        byte[] bytes = new byte[RowHeaderBytes + record.Row.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, record.Recount);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), record.Sequence);
        record.Row.CopyTo(bytes.AsMemory(RowHeaderBytes));
        return bytes;
    }

    private static TransitionRowRecord ReadRow(int itemKey, byte[] bytes)
    {
        if (bytes.Length < RowHeaderBytes)
            throw new InvalidDataException($"The transition row of item {itemKey} is missing in Redis. Its eviction policy must be "
                + $"noeviction or volatile-*; empty the database to have it rebuilt.");
        return new(itemKey, BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(8)),
            bytes.AsMemory(RowHeaderBytes));
    }

    private static byte[] WatermarkBytes(long sequence)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, sequence);
        return bytes;
    }

    private static TransitionWatermark ReadWatermark(RedisValue generation, RedisValue sequence) =>
        new(generation!, BinaryPrimitives.ReadInt64BigEndian((byte[])sequence!));
}
