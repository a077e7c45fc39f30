using Recommender.Contracts;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Recommender.Retrieval.Hybrid;
using Recommender.Retrieval.Lexical;

namespace Recommender.Recommend.Answering;

/// <summary>Writes what the answer of a search has in addition, as JSON of <see cref="SearchResponse"/>.</summary>
internal static class SearchWriter
{
    private const int MaxTerms = 10;

    /// <summary>Writes the fields of the answer, each with a comma before it.</summary>
    public static void Write(JsonBuffer json, Request request, Findings findings)
    {
        json.Write(",\"total\":"u8);
        json.Write((long)findings.Total);
        if (findings.Total == 0) json.Write(",\"fallback\":true"u8);
        json.Write(",\"words\":["u8);
        for (int word = 0; word < findings.Words.Count; word++) WriteWord(json, findings.Words[word], isFirst: word == 0);
        json.Write("]"u8);
        if (request.Facets.Count > 0)
        {
            json.Write(",\"facets\":["u8);
            for (int facet = 0; facet < request.Facets.Count; facet++)
                WriteFacet(json, request.Facets[facet], findings.Facets[facet], isFirst: facet == 0);
            json.Write("]"u8);
        }

        if (request.Suggestions == 0) return;
        json.Write(",\"suggestions\":"u8);
        WriteTexts(json, findings.Suggestions);
    }

    /// <summary>Writes the parts of an item, with a comma before them.</summary>
    public static void WriteParts(JsonBuffer json, HybridItem item)
    {
        json.Write(",\"parts\":{\"words\":"u8);
        json.Write(item.Words);
        json.Write(",\"meaning\":"u8);
        json.Write(item.Meaning);
        json.Write(",\"taste\":"u8);
        json.Write(item.Taste);
        json.Write("}"u8);
    }

    private static void WriteWord(JsonBuffer json, LexicalMatch match, bool isFirst)
    {
        json.Write(isFirst ? "{\"word\":"u8 : ",{\"word\":"u8);
        json.WriteText(match.Word);
        json.Write(match.Kind switch
        {
            LexicalMatchKind.Exact => ",\"match\":\"exact\",\"terms\":"u8,
            LexicalMatchKind.Prefix => ",\"match\":\"prefix\",\"terms\":"u8,
            LexicalMatchKind.Typo => ",\"match\":\"typo\",\"terms\":"u8,
            _ => ",\"match\":\"none\",\"terms\":"u8,
        });
        WriteTexts(json, [.. match.Terms.Take(MaxTerms)]);
        json.Write("}"u8);
    }

    private static void WriteFacet(JsonBuffer json, string key, IReadOnlyList<(string Value, int Count)> values, bool isFirst)
    {
        json.Write(isFirst ? "{\"key\":"u8 : ",{\"key\":"u8);
        json.WriteText(key);
        json.Write(",\"values\":["u8);
        for (int at = 0; at < values.Count; at++)
        {
            json.Write(at == 0 ? "{\"value\":"u8 : ",{\"value\":"u8);
            json.WriteText(values[at].Value);
            json.Write(",\"count\":"u8);
            json.Write((long)values[at].Count);
            json.Write("}"u8);
        }

        json.Write("]}"u8);
    }

    private static void WriteTexts(JsonBuffer json, IReadOnlyList<string> texts)
    {
        json.Write("["u8);
        for (int at = 0; at < texts.Count; at++)
        {
            if (at > 0) json.Write(","u8);
            json.WriteText(texts[at]);
        }

        json.Write("]"u8);
    }
}
