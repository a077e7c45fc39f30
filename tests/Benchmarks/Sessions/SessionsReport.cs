namespace Recommender.Benchmarks.Sessions;

/// <summary>What <c>sessions</c> prints: shares of all test pairs, rounded to four digits.</summary>
internal sealed record SessionsReport(
    double P20, double Mrr20, double KnnP20, double KnnMrr20, double EncoderP20, double EncoderMrr20, double RulesP20, double RulesMrr20,
    double TrainSeconds, double SearchSeconds, int Pairs);
