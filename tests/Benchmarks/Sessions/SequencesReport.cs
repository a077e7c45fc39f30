namespace Recommender.Benchmarks.Sessions;

/// <summary>
/// What <c>sequences</c> prints: means over all users, rounded to four digits. <c>Rules</c> are plain sequential rules, <c>TunedRules</c>
/// those with the settings that the search chose.
/// </summary>
internal sealed record SequencesReport(
    double Hr10, double Ndcg10, double RulesHr10, double RulesNdcg10, double EncoderHr10, double EncoderNdcg10, double TunedRulesHr10,
    double TunedRulesNdcg10, double KnnHr10, double KnnNdcg10, double TrainSeconds, double SearchSeconds, int Users);
