using Recommender.Recommend.Candidates;

namespace Recommender.Recommend.Answering;

/// <summary>
/// The memory in which one answer is computed and written: scratch arrays, sets, buffers. Rented from a <see cref="WorkspacePool"/> for the
/// synchronous part of a request; dispose it once, when the answer has been sent. One thread at a time.
/// </summary>
internal sealed class Workspace : IDisposable
{
    private readonly WorkspacePool _owner;

    public Workspace(WorkspacePool owner)
    {
        _owner = owner;
        var scored = new ModelCandidates(Profile, Eligible, Boosts);
        Draft = new AnswerDraft(Profile, Eligible, scored, new RankingCandidates(Eligible, Boosts),
            new ListedCandidates(Eligible, Boosts));
    }

    public Profile Profile { get; } = new();

    public EligibleItems Eligible { get; } = new();

    public ScoreBoosts Boosts { get; } = new();

    public AnswerDraft Draft { get; }

    public AnswerWriter Writer { get; } = new();

    public void Dispose() => _owner.Return(this);

    /// <summary>Forgets the answer: nothing about a user or a request is kept in the pool.</summary>
    internal void Clear()
    {
        Profile.Clear();
        Eligible.Clear();
        Boosts.Clear();
        Draft.Clear();
        Writer.Clear();
    }
}
