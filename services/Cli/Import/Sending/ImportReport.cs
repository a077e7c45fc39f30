using Recommender.Client;

namespace Recommender.Cli.Import.Sending;

/// <summary>What an import did. Numbers count this run; <see cref="Resumed"/> counts what an earlier, interrupted run had done.</summary>
internal sealed record ImportReport
{
    public const int RejectionsShown = 10;

    public long ItemsAccepted { get; set; }
    public long ItemsRejected { get; set; }
    public long EventsAccepted { get; set; }
    public long EventsRejected { get; set; }
    public Position Resumed { get; set; } = new(0, 0);
    public List<Rejection> Rejections { get; } = [];

    public void AddRejections(IEnumerable<Rejection> rejections) =>
        Rejections.AddRange(rejections.Take(RejectionsShown - Rejections.Count));
}
