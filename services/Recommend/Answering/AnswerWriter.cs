using System.Buffers.Binary;
using System.Security.Cryptography;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Answering;

/// <summary>
/// Writes answers as JSON of <see cref="RecommendationResponse"/>, from encoded parts and numbers. One thread at a time; memory that later
/// answers use again.
/// </summary>
internal sealed class AnswerWriter
{
    /// <summary>Random bytes of the next ids: one call of the system for many.</summary>
    private readonly byte[] _random = new byte[64 * RecommendationId.Bytes];
    private int _usedRandom = int.MaxValue;

    private readonly JsonBuffer _json = new();
    private readonly Explainer _explainer = new();
    private int[] _shownKeys = [];

    /// <summary>Forgets what was written.</summary>
    public void Clear() => _json.Clear();

    /// <param name="id">The answer's new id.</param>
    /// <returns>The JSON, valid until the next call.</returns>
    public ReadOnlySpan<byte> Write(in Answer answer, out RecommendationId id)
    {
        _json.Clear();
        _json.Write("{"u8);
        WriteRest(answer, out id);
        return _json.Written;
    }

    /// <summary>Writes a line of a batch: the user comes first, a line feed last.</summary>
    /// <param name="id">The answer's new id.</param>
    /// <returns>The line, valid until the next call.</returns>
    public ReadOnlySpan<byte> WriteLine(in Answer answer, string userId, out RecommendationId id)
    {
        _json.Clear();
        _json.Write("{\"userId\":"u8);
        _json.WriteText(userId);
        _json.Write(","u8);
        WriteRest(answer, out id);
        _json.Write("\n"u8);
        return _json.Written;
    }

    private void WriteRest(in Answer answer, out RecommendationId id)
    {
        id = NextId();
        _json.Write("\"recommendationId\":\""u8);
        id.Value.TryFormat(_json.GetSpan(RecommendationId.Digits), out int digits, "x32", null);
        _json.Advance(digits);
        _json.Write("\""u8);
        if (answer.Model is { } model)
        {
            _json.Write(",\"modelVersion\":"u8);
            _json.Write(model.Version);
        }

        _json.Write(",\"source\":\""u8);
        WriteAscii(answer.Source);
        _json.Write("\""u8);
        if (answer.Findings is { } findings) SearchWriter.Write(_json, answer.Request, findings);
        if (answer.HasMore) WriteContinuation(answer);
        _json.Write(",\"items\":["u8);
        WriteItems(answer);
        _json.Write("]}"u8);
    }

    private void WriteItems(in Answer answer)
    {
        for (int i = 0; i < answer.Items.Length; i++)
        {
            ref readonly var item = ref answer.Items[i];
            var known = answer.State.Catalogue[item.Position]!;
            if (i > 0) _json.Write(","u8);
            _json.Write(known.IdJson);
            _json.Write(",\"score\":"u8);
            _json.Write(item.Score);
            _json.Write(known.TitleJson);
            if (answer.Request.ReasonCount is not null && (answer.Findings?.Parts.TryGetValue(item.Position, out var parts) ?? false))
                SearchWriter.WriteParts(_json, parts);
            if (item.IsScored && answer.Request.ReasonCount is { } reasonCount) WriteReasons(answer, item.Position, reasonCount);
            if (item.Reason >= 0 && answer.Request.ReasonCount is { } count) WriteReason(answer.State.Catalogue[item.Reason]!, count);
            _json.Write("}"u8);
        }

        for (int i = 0; i < answer.Unranked.Length; i++)
        {
            if (answer.Items.Length + i > 0) _json.Write(","u8);
            WriteUnranked(answer.State.Catalogue, answer.Unranked[i]);
        }
    }

    private void WriteUnranked(Catalogue catalogue, UnrankedItem unranked)
    {
        _json.Write("{\"itemId\":"u8);
        _json.WriteText(unranked.Id);
        _json.Write(",\"score\":0"u8);
        if (catalogue[unranked.Position] is { } item)
        {
            _json.Write(item.TitleJson);
            _json.Write(",\"available\":false}"u8);
        }
        else
        {
            _json.Write(",\"known\":false}"u8);
        }
    }

    /// <summary>The only item that accounts for a score.</summary>
    private void WriteReason(CatalogueItem item, int reasonCount)
    {
        if (reasonCount == 0)
        {
            _json.Write(",\"reasons\":[],\"rest\":1"u8);
            return;
        }

        _json.Write(",\"reasons\":["u8);
        _json.Write(item.IdJson);
        _json.Write(item.TitleJson);
        _json.Write(",\"share\":1}],\"rest\":0"u8);
    }

    /// <summary>The history items and terms with the largest shares of the score, largest first, and the sum of the other shares.</summary>
    private void WriteReasons(in Answer answer, int position, int reasonCount)
    {
        if (!_explainer.TryExplain(answer.Model, answer.Profile, position, out var order, out var shares)) return;
        _json.Write(",\"reasons\":["u8);
        int written = 0;
        double rest = 0;
        var history = answer.Profile.History;
        int usable = answer.Profile.UsableHistory.Length;
        for (int i = 0; i < shares.Length; i++)
        {
            // The model does not know this item, and the recommended one never followed it.
            if (shares[i] == 0 && order[i] >= usable) continue;
            bool isPopularity = order[i] == history.Length;
            var item = isPopularity ? null : answer.State.Catalogue[history[order[i]].Item];
            if ((item is null && !isPopularity) || written == reasonCount)
            {
                rest += shares[i];
                continue;
            }

            if (written++ > 0) _json.Write(","u8);
            if (item is null) _json.Write("{\"term\":\"popularity\""u8);
            else _json.Write(item.IdJson);
            _json.Write(item is null ? default : item.TitleJson);
            _json.Write(",\"share\":"u8);
            _json.Write(shares[i]);
            _json.Write("}"u8);
        }

        _json.Write("],\"rest\":"u8);
        _json.Write((float)rest);
    }

    /// <summary>The cursor of the following page, or that the pages together may not show more.</summary>
    private void WriteContinuation(in Answer answer)
    {
        var shown = answer.Request.ShownKeys ?? [];
        int total = shown.Count + answer.Items.Length;
        if (total >= Limits.PagedItems)
        {
            _json.Write(",\"limitReached\":true"u8);
            return;
        }

        var keys = Scratch.EnsureCapacity(ref _shownKeys, total);
        for (int i = 0; i < shown.Count; i++) keys[i] = shown[i];
        for (int i = 0; i < answer.Items.Length; i++)
            keys[shown.Count + i] = answer.State.Catalogue[answer.Items[i].Position]!.Key;
        _json.Write(",\"next\":\""u8);
        int scratch = Cursor.ScratchBytes(total);
        var room = _json.GetSpan(scratch + Cursor.TextBytes(total));

        // The bytes are put behind the place of the text, which is then written over nothing that is still needed.
        _json.Advance(Cursor.Write(keys, room.Slice(Cursor.TextBytes(total), scratch), room));
        _json.Write("\""u8);
    }

    private RecommendationId NextId()
    {
        if (_usedRandom > _random.Length - RecommendationId.Bytes)
        {
            RandomNumberGenerator.Fill(_random);
            _usedRandom = 0;
        }

        _usedRandom += RecommendationId.Bytes;
        return new(BinaryPrimitives.ReadUInt128LittleEndian(_random.AsSpan(_usedRandom - RecommendationId.Bytes)));
    }

    private void WriteAscii(string text) => _json.Advance(System.Text.Encoding.ASCII.GetBytes(text, _json.GetSpan(text.Length)));
}
