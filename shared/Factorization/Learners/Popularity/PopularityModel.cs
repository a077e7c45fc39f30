using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Popularity;

/// <summary>Rank 1: an item's factor is its summed weight of positive events, a user's is 1 (0 without a history).</summary>
public sealed class PopularityModel : Model
{
    public const string Name = "popularity";

    private readonly float[] _scores;

    internal PopularityModel(float[] scores) => this._scores = scores;

    public override string Learner => Name;

    public override int Rank => 1;

    public override int ItemCount => _scores.Length;

    public override ReadOnlyMemory<float> ItemFactors => _scores;

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        ModelChecks.Factor(this, factor);
        ModelChecks.History(this, history);
        factor[0] = history.IsEmpty ? 0 : 1;
    }

    /// <summary>Each entry has an equal share, because the score does not depend on the history.</summary>
    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        ModelChecks.Item(this, item);
        return Explain(history, _scores.AsSpan(item, 1), contributions);
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        ModelChecks.ItemFactor(this, itemFactor);
        ModelChecks.History(this, history);
        ModelChecks.Contributions(history, contributions);
        if (history.IsEmpty) return 0;
        contributions[..history.Length].Fill(itemFactor[0] / history.Length);
        return itemFactor[0];
    }

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        writer.Numbers<float>(_scores);
        writer.End();
    }

    internal static PopularityModel ReadBody(ModelReader reader) => new(reader.Numbers<float>());
}
