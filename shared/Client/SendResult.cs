namespace Recommender.Client;

/// <summary>Result of a batch.</summary>
public sealed record SendResult(int Accepted, int Rejected, IReadOnlyList<Rejection> Rejections)
{
    public static readonly SendResult None = new(0, 0, []);

    public SendResult Add(SendResult other) =>
        new(Accepted + other.Accepted, Rejected + other.Rejected, [.. Rejections, .. other.Rejections]);
}
