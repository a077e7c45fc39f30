using Recommender.Factorization.Content;
using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;

namespace Recommender.Benchmarks.Quality;

/// <summary>Withholds all events of every tenth item with content and ranks those items alone.</summary>
internal static class ColdItems
{
    public static ColdResult Judge(string folder, LearnerSettings settings)
    {
        var (users, items, timed, texts) = LearningData.ReadTimedWithContent(folder);
        var entries = timed.Select(t => t.Entry).ToList();
        bool Cold(int item) => texts[item] is not null && item * 2654435761u % 10 == 3;
        var split = Splits.Make(users, items, entries.Where(e => !Cold(e.Item)), entries.Where(e => Cold(e.Item)));
        var train = split.Train;
        var model = ContentFactors.Blend(settings.Train(train), ItemContent.Build(texts), ContentFactors.EventsOf(train));

        double Recall(ScoreItems scorer) => Evaluation.Run(
            (history, scores) =>
            {
                scorer(history, scores);
                for (int i = 0; i < scores.Length; i++) if (!Cold(i)) scores[i] = float.NegativeInfinity;
            }, split).Recall;

        double content = Recall((history, scores) =>
        {
            var factor = new float[model.Rank];
            model.FoldIn(history, factor);
            for (int i = 0; i < scores.Length; i++)
                if (Cold(i)) for (int k = 0; k < factor.Length; k++) scores[i] += factor[k] * model.ItemFactors.Span[i * factor.Length + k];
        });
        // Labels, or words of the title for items without labels.
        var labels = texts.Select(t => t is null ? [] : t.Labels.Count > 0 ? t.Labels.Distinct().ToArray()
            : (t.Title ?? "").Split(' ').Distinct().ToArray()).ToArray();
        var popularity = new Dictionary<string, double>();
        for (int i = 0; i < items; i++) foreach (string label in labels[i])
            popularity[label] = popularity.GetValueOrDefault(label) + train.Items.Length(i);
        double byLabel = Recall((history, scores) =>
        {
            for (int i = 0; i < scores.Length; i++) scores[i] = (float)labels[i].Sum(l => popularity.GetValueOrDefault(l));
        });
        double random = Recall((history, scores) =>
        {
            for (int i = 0; i < scores.Length; i++) scores[i] = (uint)((i + history.Length * 7919) * 2654435761u) / 1e9f;
        });
        int count = Enumerable.Range(0, items).Count(Cold);
        return new ColdResult(count, Enumerable.Range(0, users).Count(u => split.Test.Length(u) > 0), content, byLabel, random);
    }
}
