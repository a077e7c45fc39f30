using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Recommender.EndToEnd.Faults;

/// <summary>What nobody means well with.</summary>
internal static class HostileInput
{
    /// <summary>A text of 10 MB, longer than any body that is no stream, and than any line of one.</summary>
    public static readonly byte[] Big = Encoding.UTF8.GetBytes($$"""{"userId":"{{new string('x', 10 * 1024 * 1024)}}"}""");

    /// <summary>Of no use to any endpoint, whatever the content type: not JSON, or not of a form that anything takes.</summary>
    public static readonly IReadOnlyList<(string What, byte[] Body)> NeverValid =
    [
        ("truncated object", """{"userId":"u","itemId":"i","type":"vi"""u8.ToArray()),
            ("truncated array", """[{"userId":"u","itemId":"i","type":"view"},"""u8.ToArray()),
        ("a number", "1e999"u8.ToArray()), ("a text", "\"../../etc/passwd\""u8.ToArray()), ("null", "null"u8.ToArray()),
            ("two documents", "{} {}"u8.ToArray()),
        ("invalid UTF-8", [(byte)'{', (byte)'"', 0xff, 0xfe, 0xc0, 0xaf, (byte)'"', (byte)':', (byte)'1', (byte)'}']),
            ("UTF-16", Encoding.Unicode.GetBytes("\ufeff{}")),
        ("zeros", new byte[20_000]), ("deep arrays", Repeat("[", 20_000)), ("deep objects", Repeat("{\"a\":", 20_000)),
        ("a huge number", [.. "{\"count\":"u8, .. Repeat("9", 100_000), .. ",}"u8]),
    ];

    /// <summary>Not valid as any id, version or page, as they stand in a path.</summary>
    public static readonly IReadOnlyList<string> NeverValidIds =
        ["%00", "a%00b", "%0d%0aset-cookie:x", "%7f", "%ff%fe", "%c0%ae%c0%ae", "%ed%a0%80", "%zz", "%", "%2", new('x', 257),
            string.Concat(Enumerable.Repeat("%F0%9F%90%8D", 65)), new('x', 70_000)];

    /// <summary>Valid as an id or not.</summary>
    private static readonly string[] s_ids =
    [
        "..%2f..%2fetc%2fpasswd", "%2e%2e", "..", ".", "a/../../b", "%252e%252e%252f", "'%3b%20drop%20table%20events%3b--",
            "%24%7bjndi:x%7d", "*", "-1", "9223372036854775807", "9223372036854775808", "NaN",
        "ffffffffffff7fffbfffffffffffffff", "00000000000070008000000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff", "%E2%80%AEevil",
            "%F0%9F%90%8D", "con", "~", "%20", new('x', 256),
    ];

    public static readonly IReadOnlyList<string> QueryValues =
        ["", "-1", "0", "1001", "99999999999999999999", "1e309", "NaN", "0x10", "true&%00", "%00", "%ff", "%ed%a0%80", "%",
            "a%27%22%3b--", "%25%5f", "[]", "{}", "AQAAAAD_", new('A', 5000)];

    public static readonly IReadOnlyList<(string Name, string Value)> Headers =
    [
        ("traceparent", "é"), ("traceparent", "00-00000000000000000000000000000000-0000000000000000-00"),
            ("traceparent", new string('f', 3000)), ("tracestate", "é=ü"), ("Request-Id", "|é."), ("Correlation-Context", "é"),
        ("X-API-Key", new string('k', 5000)), ("Authorization", "Bearer é"), ("Accept-Language", "ü"), ("Accept", "application/\u4e16"),
            ("Cookie", "a=\u20ac; b"), ("X-Forwarded-Host", "evil"), ("X-HTTP-Method-Override", "DELETE"),
        ("Connection", "close, X-API-Key"), ("Content-Encoding", "gzip"), ("ce-specversion", "9.9"), ("ce-type", "\u00e9"),
            ("If-None-Match", "*"), ("Range", "bytes=0-0,1-1,-5"),
    ];

    public static readonly IReadOnlyList<string> ContentTypes =
        ["text/plain", "application/json; charset=utf-16", "application/json;charset=\"", "application/jsonx", "multipart/form-data",
            "application/x-www-form-urlencoded", "/", new('a', 3000)];

    private static readonly string[] s_numbers =
        ["0", "-0", "1", "20", "-1", "1e400", "-1e400", "1e-400", "0.1", "2147483648", "9223372036854775808", "1e12", new('9', 400),
            "4.9e-324", "3.5e38"];

    private static readonly string[] s_texts =
    [
        "a", "b", "view", "rating", "cart", "home", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59.9999999-14:00", "", " ", "../../etc/passwd", "\\u0000", "\\ud800", "\\udc00\\ud800", "\u202eevil",
                "\\r\\n",
        "'; drop table events;--", "🐍", "price", "categories", new('x', 129), new('x', 257), new('y', 9000), "AQAAAAD_",
    ];

    private static readonly string[] s_nasty =
    [
        "null", "true", "[]", "{}", "[null]", "[[[]]]", "{\"\":1,\"a\":1e400}", "{\"a\":1,\"a\":2}",
            "{\"$type\":\"Object\",\"__proto__\":{}}", "\"\\ud800\"", "\"\\u0000\"", "NaN", "-", "\"", "01", "1.", "/**/1", "'a'",
        new string('[', 40) + new string(']', 40), string.Concat(Enumerable.Repeat("{\"a\":", 17)) + "1" + new string('}', 17),
            "\"" + new string('z', 300_000) + "\"", new('9', 5000),
    ];

    /// <summary>A text of a field's own kind more often than not, so that it gets past the first check.</summary>
    public static string Id(Random random) => Pick(random, s_ids);

    public static T Pick<T>(Random random, IReadOnlyList<T> list) => list[random.Next(list.Count)];

    /// <summary>A body near enough to the schema to be looked at in earnest.</summary>
    public static byte[] Body(JsonElement schema, JsonElement document, Random random)
    {
        var text = new StringBuilder();
        Write(text, schema, document, random, 0);
        byte[] body = Encoding.UTF8.GetBytes(text.ToString());
        return random.Next(3) == 0 ? Mutate(body, random) : body;
    }

    /// <summary>A few bytes changed, doubled or missing.</summary>
    public static byte[] Mutate(byte[] body, Random random)
    {
        for (int n = random.Next(1, 4); n > 0 && body.Length > 0; n--)
        {
            int at = random.Next(body.Length);
            switch (random.Next(4))
            {
                case 0: body[at] = (byte)random.Next(256); break;
                case 1: body = body[..at]; break;
                case 2: body = [.. body[..at], .. body]; break;
                default: body = [.. body[..at], .. "\"\\{}[],:0e-\0"u8[random.Next(12)..], .. body[at..]]; break;
            }
        }

        return body;
    }

    private static void Write(StringBuilder text, JsonElement schema, JsonElement document, Random random, int depth)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        if (schema.TryGetProperty("oneOf", out var choices))
        {
            Write(text, choices.EnumerateArray().Last(), document, random, depth);
            return;
        }

        string? type = !schema.TryGetProperty("type", out var kind) ? null
            : kind.ValueKind == JsonValueKind.String ? kind.GetString()
                : kind.EnumerateArray().Select(k => k.GetString()).FirstOrDefault(k => k != "null");
        // The more fields there are, the more likely one of them is nasty; whole bodies seldom.
        if (depth > 6 || random.Next(depth == 0 ? 20 : 10) == 0) type = null;
        switch (type)
        {
            case "object" when schema.TryGetProperty("properties", out var properties):
                text.Append('{');
                foreach (var property in properties.EnumerateObject())
                {
                    if (random.Next(3) == 0) continue;
                    if (text[^1] != '{') text.Append(',');
                    text.Append('"').Append(property.Name).Append("\":");
                    Write(text, property.Value, document, random, depth + 1);
                }

                text.Append('}');
                break;
            case "object" when schema.TryGetProperty("additionalProperties", out var values) && values.ValueKind == JsonValueKind.Object:
                text.Append(CultureInfo.InvariantCulture, $"{{\"{Pick(random, s_texts)}\":");
                Write(text, values, document, random, depth + 1);
                text.Append('}');
                break;
            case "array" when schema.TryGetProperty("items", out var items):
                text.Append('[');
                for (int n = random.Next(4); n > 0; n--)
                {
                    Write(text, items, document, random, depth + 1);
                    if (n > 1) text.Append(',');
                }

                text.Append(']');
                break;
            case "string": text.Append('"').Append(Pick(random, s_texts)).Append('"'); break;
            case "number" or "integer": text.Append(Pick(random, s_numbers)); break;
            case "boolean": text.Append(random.Next(2) == 0 ? "true" : "false"); break;
            default: text.Append(Pick(random, s_nasty)); break;
        }
    }

    private static byte[] Repeat(string text, int times) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, times)));
}
