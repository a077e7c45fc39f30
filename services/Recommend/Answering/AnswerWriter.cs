using Recommender.Contracts;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Answering;

/// <summary>Writes answers as JSON of <see cref="RecommendationResponse"/> into <see cref="Query.Json"/>, from encoded parts and
/// numbers.</summary>
internal static class AnswerWriter
{
    private static readonly string s_instance = Guid.NewGuid().ToString("N")[..12];
    private static readonly byte[] s_idStart = System.Text.Encoding.UTF8.GetBytes("{\"recommendationId\":\"" + s_instance);

    /// <param name="answerNumber">Unique within this process: with the instance's random part it makes the recommendation id.</param>
    /// <param name="leadingUserId">Written first in the lines of a batch; null elsewhere.</param>
    public static void Write(ServingState state, Query query, long answerNumber, string? leadingUserId = null)
    {
        var json = query.Json;
        if (leadingUserId is null)
        {
            json.Write(s_idStart);
        }
        else
        {
            json.Write("{\"userId\":"u8);
            json.WriteText(leadingUserId);
            json.Write(","u8);
            json.Write(s_idStart.AsSpan(1));
        }

        WriteNumber(json, answerNumber);
        json.Write("\""u8);
        if (query.UsedModel && state.Model is { } model)
        {
            json.Write(",\"modelVersion\":"u8);
            json.Write(model.Version);
        }

        json.Write(",\"source\":\""u8);
        WriteAscii(json, query.Source);
        json.Write("\""u8);
        if (query.More && query.ShownKeys.Count + query.ItemCount >= Limits.PagedItems) json.Write(",\"limitReached\":true"u8);
        else if (query.More) WriteNext(state, query);
        json.Write(",\"items\":["u8);
        for (int i = 0; i < query.ItemCount; i++)
        {
            var answer = query.Items[i];
            var item = state.Catalogue[answer.Position]!;
            if (i > 0) json.Write(","u8);
            json.Write(item.IdJson);
            json.Write(",\"score\":"u8);
            json.Write(answer.Score);
            json.Write(item.TitleJson);
            if (query.Explain && answer.FromModel) WriteReasons(state, query, answer.Position);
            json.Write("}"u8);
        }

        for (int i = 0; i < query.Unranked.Count; i++)
        {
            if (query.ItemCount + i > 0) json.Write(","u8);
            WriteUnranked(state, json, query.Unranked[i]);
        }

        json.Write("]}"u8);
    }

    private static void WriteUnranked(ServingState state, JsonBuffer json, UnrankedItem unranked)
    {
        json.Write("{\"itemId\":"u8);
        json.WriteText(unranked.Id);
        json.Write(",\"score\":0"u8);
        if (state.Catalogue[unranked.Position] is { } item)
        {
            json.Write(item.TitleJson);
            json.Write(",\"available\":false}"u8);
        }
        else
        {
            json.Write(",\"known\":false}"u8);
        }
    }

    /// <summary>
    /// The history items with the largest shares of the score, largest first, and the sum of the other shares. A score of exactly 0 has no
    /// shares.
    /// </summary>
    private static void WriteReasons(ServingState state, Query query, int position)
    {
        int length = query.UsableHistory;
        var history = query.History.AsSpan(0, length);
        var contributions = Query.EnsureCapacity(ref query.Contributions, length);
        var model = state.Model!;
        if (position < model.ItemCount) model.Learned.Explain(history, position, contributions);
        else model.Learned.Explain(history, model.Factor(position), contributions);
        double sum = 0;
        foreach (float contribution in contributions) sum += contribution;
        if (sum == 0 || !double.IsFinite(sum)) return;
        var order = Query.EnsureCapacity(ref query.Order, length);
        for (int i = 0; i < length; i++)
        {
            order[i] = i;
            contributions[i] = (float)(-contributions[i] / sum);
        }

        // Shares are negated while sorting so that the largest comes first; sorting is by share alone, which is stable enough: equal shares
        // are equal text.
        contributions.Sort(order);
        var json = query.Json;
        json.Write(",\"reasons\":["u8);
        int written = 0;
        double rest = 0;
        for (int i = 0; i < length; i++)
        {
            var item = state.Catalogue[history[order[i]].Item];
            if (item is null || written == query.ReasonCount)
            {
                rest -= contributions[i];
                continue;
            }

            if (written++ > 0) json.Write(","u8);
            json.Write(item.IdJson);
            json.Write(item.TitleJson);
            json.Write(",\"share\":"u8);
            json.Write(0 - contributions[i]); // A share of nothing is 0, not -0.
            json.Write("}"u8);
        }

        json.Write("],\"rest\":"u8);
        json.Write((float)(0 + rest));
    }

    private static void WriteNext(ServingState state, Query query)
    {
        int total = query.ShownKeys.Count + query.ItemCount;
        var keys = Query.EnsureCapacity(ref query.Order, total);
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(query.ShownKeys).CopyTo(keys);
        for (int i = 0; i < query.ItemCount; i++) keys[query.ShownKeys.Count + i] = state.Catalogue[query.Items[i].Position]!.Key;
        var json = query.Json;
        json.Write(",\"next\":\""u8);
        int scratch = Cursor.ScratchBytes(total);
        var room = json.GetSpan(scratch + Cursor.TextBytes(total));

        // The bytes are put behind the place of the text, which is then written over nothing that is still needed.
        int written = Cursor.Write(keys, room.Slice(Cursor.TextBytes(total), scratch), room);
        json.Advance(written);
        json.Write("\""u8);
    }

    private static void WriteNumber(JsonBuffer json, long number)
    {
        number.TryFormat(json.GetSpan(16), out int written, "x", null);
        json.Advance(written);
    }

    private static void WriteAscii(JsonBuffer json, string text)
    {
        json.Advance(System.Text.Encoding.ASCII.GetBytes(text, json.GetSpan(text.Length)));
    }
}
