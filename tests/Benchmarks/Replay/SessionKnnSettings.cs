namespace Recommender.Benchmarks.Replay;

/// <param name="SessionsPerItem">m: newest sessions of an item that are looked at.</param>
/// <param name="Neighbours">k: sessions that vote.</param>
/// <param name="PositionDecay">Weight of an item one place further back; 0: linear in the place.</param>
/// <param name="UsesIdf">Whether votes are multiplied by the logarithm of the item's rarity.</param>
/// <param name="UsesMatchDistance">Whether a session counts less the further back its newest shared item is.</param>
internal sealed record SessionKnnSettings(int SessionsPerItem, int Neighbours, double PositionDecay, bool UsesIdf, bool UsesMatchDistance)
{
    /// <summary>What <see cref="TunedSessionKnn"/> chooses from.</summary>
    public static IReadOnlyList<SessionKnnSettings> Grid { get; } =
    [
        .. from sessions in new[] { 500, 2000 }
           from neighbours in new[] { 100, 200, 500 }
           from decay in new[] { 0, .8, .5 }
           from idf in new[] { false, true }
           from distance in new[] { false, true }
           select new SessionKnnSettings(sessions, neighbours, decay, idf, distance),
    ];
}
