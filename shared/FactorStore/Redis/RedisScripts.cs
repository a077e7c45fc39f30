namespace Recommender.FactorStore.Redis;

/// <summary>
/// Scripts that run atomically on the server. Versions are compared as two numbers of 4 bytes, because Lua numbers are not exact for 8
/// bytes, and Lua compares texts by the server's locale.
/// </summary>
internal static class RedisScripts
{
    /// <summary>
    /// A user's value, unless the one there is of a later revision, or erased at this one. The model version decides nothing: after a
    /// rollback it is
    /// lower. KEYS: user. ARGV: value, seconds to live or 0.
    /// </summary>
    public const string PutUser = """
        local current = redis.call('GETRANGE', KEYS[1], 0, 15)
        if #current == 16 then
            local a1, a2, a3, a4 = struct.unpack('>I4>I4>I4>I4', ARGV[1])
            local b1, b2, b3, b4 = struct.unpack('>I4>I4>I4>I4', current)
            local erased = b3 == 0x7fffffff and b4 == 0xffffffff
            local newer = a1 > b1 or (a1 == b1 and (a2 > b2 or (a2 == b2 and not erased)))
            if not newer then return 0 end
        end
        if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1]) else redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
        return 1
        """;

    private const string Older = """
        local function older(value, current)
            if not current then return false end
            local a1, a2 = struct.unpack('>I4>I4', value)
            local b1, b2 = struct.unpack('>I4>I4', current)
            if a1 ~= b1 then return a1 < b1 end
            return a2 < b2
        end
        local function changed(key)
            redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[4]), key)
        end

        """;

    /// <summary>
    /// Items with a place in the feed each. Number and data are written in one step, so a reader of the feed never passes a change by.
    /// KEYS: attributes, statistics, feed, sequence. ARGV: item key, attributes, statistics, and so on.
    /// </summary>
    public const string PutItems = Older + """
        for i = 1, #ARGV, 3 do
            local key, attributes, statistics, written = ARGV[i], ARGV[i + 1], ARGV[i + 2], false
            if not older(attributes, redis.call('HGET', KEYS[1], key)) then
                redis.call('HSET', KEYS[1], key, attributes)
                written = true
            end
            if not older(statistics, redis.call('HGET', KEYS[2], key)) then
                redis.call('HSET', KEYS[2], key, statistics)
                written = true
            end
            if written then changed(key) end
        end
        return tonumber(redis.call('GET', KEYS[4]) or '0')
        """;

    /// <summary>Statistics that differ from those there. KEYS and ARGV as above; the attributes serve only where there are none.</summary>
    public const string PutStatistics = Older + """
        for i = 1, #ARGV, 3 do
            local key, attributes, statistics = ARGV[i], ARGV[i + 1], ARGV[i + 2]
            local current = redis.call('HGET', KEYS[2], key)
            if not older(statistics, current) and not (current and string.sub(current, 9) == string.sub(statistics, 9)) then
                redis.call('HSETNX', KEYS[1], key, attributes)
                redis.call('HSET', KEYS[2], key, statistics)
                changed(key)
            end
        end
        return tonumber(redis.call('GET', KEYS[4]) or '0')
        """;

    /// <summary>Factors that differ from those there, of items that are there. KEYS: as above, then factors. ARGV: item key, factor, and so
    /// on.</summary>
    public const string PutFactors = Older + """
        for i = 1, #ARGV, 2 do
            local key, factor = ARGV[i], ARGV[i + 1]
            if redis.call('HEXISTS', KEYS[1], key) == 1 and redis.call('HGET', KEYS[5], key) ~= factor then
                redis.call('HSET', KEYS[5], key, factor)
                changed(key)
            end
        end
        return tonumber(redis.call('GET', KEYS[4]) or '0')
        """;

    /// <summary>
    /// Content vectors that differ from those there. KEYS: attributes, statistics, feed, sequence, vectors. ARGV: item key, vector, and so
    /// on.
    /// </summary>
    public const string PutVectors = Older + """
        for i = 1, #ARGV, 2 do
            local key, vector = ARGV[i], ARGV[i + 1]
            if redis.call('HGET', KEYS[5], key) ~= vector then
                redis.call('HSET', KEYS[5], key, vector)
                if redis.call('HEXISTS', KEYS[1], key) == 1 then changed(key) end
            end
        end
        return tonumber(redis.call('GET', KEYS[4]) or '0')
        """;

    /// <summary>
    /// Generation, newest sequence, keys and sequences in turn, attributes, statistics, factors, vectors. KEYS: as for factors, then
    /// generation and vectors. ARGV: after, limit.
    /// </summary>
    public const string ReadChanges = """
        local feed = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
        local keys = {}
        for i = 1, #feed, 2 do keys[#keys + 1] = feed[i] end
        local attributes, statistics, factors, vectors = {}, {}, {}, {}
        if #keys > 0 then
            attributes = redis.call('HMGET', KEYS[1], unpack(keys))
            statistics = redis.call('HMGET', KEYS[2], unpack(keys))
            factors = redis.call('HMGET', KEYS[5], unpack(keys))
            vectors = redis.call('HMGET', KEYS[7], unpack(keys))
        end
        return { redis.call('GET', KEYS[6]), redis.call('GET', KEYS[4]) or '0', feed, attributes, statistics, factors, vectors }
        """;

    /// <summary>
    /// Transition rows, unless the one there is of a higher revision; then the watermark, unless it is higher or a recount was. With a
    /// generation, only while that is the one there. Answers 1, or 0 for another generation; 1 if a row with later events was replaced; and
    /// the items with a higher recount. KEYS: rows, feed, position,
    /// generation, watermark. ARGV: generation or nothing, watermark or nothing, then item key, row, and so on.
    /// </summary>
    public const string PutTransitions = """
        if ARGV[1] ~= '' and (redis.call('GET', KEYS[4]) ~= ARGV[1] or redis.call('EXISTS', KEYS[5]) == 0) then return { 0 } end
        local answer = { 1, 0 }
        for i = 3, #ARGV, 2 do
            local key, row = ARGV[i], ARGV[i + 1]
            local current = redis.call('HGET', KEYS[1], key)
            local written = true
            if current then
                local a1, a2, a3, a4 = struct.unpack('>I4>I4>I4>I4', row)
                local b1, b2, b3, b4 = struct.unpack('>I4>I4>I4>I4', current)
                if a1 ~= b1 or a2 ~= b2 then
                    written = a1 > b1 or (a1 == b1 and a2 > b2)
                    if not written then answer[#answer + 1] = key
                    elseif a3 < b3 or (a3 == b3 and a4 < b4) then answer[2] = 1 end
                elseif a3 ~= b3 or a4 ~= b4 then
                    written = a3 > b3 or (a3 == b3 and a4 > b4)
                else
                    written = current ~= row
                end
            end
            if written then
                redis.call('HSET', KEYS[1], key, row)
                redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), key)
            end
        end
        if ARGV[2] ~= '' and #answer == 2 then
            local a1, a2 = struct.unpack('>I4>I4', ARGV[2])
            local b1, b2 = struct.unpack('>I4>I4', redis.call('GET', KEYS[5]))
            if a1 > b1 or (a1 == b1 and a2 > b2) then redis.call('SET', KEYS[5], ARGV[2]) end
        end
        return answer
        """;

    /// <summary>Generation and watermark, unless there are some of another generation than the replaced one; answers those that hold. KEYS
    /// as above. ARGV: generation, watermark, replaced generation or nothing.</summary>
    public const string CompleteTransitions = """
        local current = redis.call('GET', KEYS[4])
        if not current or redis.call('EXISTS', KEYS[5]) == 0 or current == ARGV[3] then
            redis.call('SET', KEYS[4], ARGV[1])
            redis.call('SET', KEYS[5], ARGV[2])
        end
        return { redis.call('GET', KEYS[4]), redis.call('GET', KEYS[5]) }
        """;

    /// <summary>The score mix, unless the one there is of a higher number. KEYS as above, and the mix. ARGV: number and mix.</summary>
    public const string PutScoreMix = """
        local current = redis.call('GET', KEYS[6])
        if current then
            local a1, a2 = struct.unpack('>I4>I4', ARGV[1])
            local b1, b2 = struct.unpack('>I4>I4', current)
            if a1 < b1 or (a1 == b1 and a2 < b2) then return 0 end
        end
        redis.call('SET', KEYS[6], ARGV[1])
        return 1
        """;

    /// <summary>Generation, newest position, keys and positions in turn, rows, score mix. KEYS as above. ARGV: after, limit.</summary>
    public const string ReadTransitionChanges = """
        local feed = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
        local keys = {}
        for i = 1, #feed, 2 do keys[#keys + 1] = feed[i] end
        local rows = {}
        if #keys > 0 then rows = redis.call('HMGET', KEYS[1], unpack(keys)) end
        return { redis.call('GET', KEYS[4]), redis.call('GET', KEYS[3]) or '0', feed, rows, redis.call('GET', KEYS[6]) }
        """;
}
