namespace Recommender.Factorization.Judging;

/// <summary>Means over a group of users (<c>users with few items</c>) or items (recall of test items of one popularity band).</summary>
public sealed record Band(string Name, int Count, double Recall, double Ndcg);
