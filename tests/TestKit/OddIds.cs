using System.Text;

namespace Recommender.TestKit;

/// <summary>Ids that paths, proxies and URL classes like to change.</summary>
public static class OddIds
{
    public static readonly string[] All =
    [
        "a/b", "/", "//", "a//b", "/a", "a/", "a%2Fb", "%", "%%", "%2", "%2E", "%2e%2e", "%00", "%C3%28", "a?b", "?", "a#b", "#", "a\\b",
            "\\", "...", "a.", ".a", "..a", "a..", "./a", "../a", "a/..", "a/./b", "/..",
        " a", "a ", " ", "  ", "a b", "a+b", "+", "%20", "\u00e9", "e\u0301", "\u00c5", "\u212b", "日本語", "🛒", ";a=b", "a:b",
            "http://x/y?z=1#w", "a&b=c", "~", "*", "-", "_", "'\"", "<>", "{a}", "|", "^", "`", "[1]", "a,b", "@",
        "\u202e", "\ufeff", "\u2028", "\ufffd", "null", "popular", "export", "similar", "recommendations",
            "history", new string('ü', 128), new string('x', 256), new string('/', 256), string.Concat(Enumerable.Repeat("🛒", 64)),
    ];

    /// <summary>The id as clients write it in a path, and with every byte encoded.</summary>
    public static IEnumerable<string> Encodings(string id)
    {
        yield return Uri.EscapeDataString(id);
        yield return string.Concat(Encoding.UTF8.GetBytes(id).Select(b => $"%{b:X2}"));
        yield return string.Concat(Encoding.UTF8.GetBytes(id).Select(b => $"%{b:x2}"));
    }
}
