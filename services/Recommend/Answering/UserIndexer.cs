using System.Diagnostics;
using Polly.Registry;
using Recommender.FactorStore;
using Recommender.ServiceDefaults.Workers;

namespace Recommender.Recommend.Answering;

/// <summary>
/// Builds the <see cref="UserIndex"/> of the served model at the first request for similar users, and keeps it current by a pass over the
/// factor store after each pause of <see cref="RecommendOptions.SimilarUsersRefreshSeconds"/>. Drops it when it has not been used
/// for an hour, or when a pass fails, since erased users could stay in it.
/// </summary>
internal sealed class UserIndexer(
    Recommender.Recommend.Serving.ServingIndexes serving,
    IFactorStore store,
    RecommendOptions options,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<UserIndexer> logger) : RepeatingWorker("The index of similar users", pipelines, clock, logger)
{
    private static readonly TimeSpan s_keep = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_waitTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);

    private volatile UserIndex? _index;
    private volatile TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _askedAt;
    private bool _isAsked;

    /// <summary>Users in the index now.</summary>
    public int Users => _index?.Count ?? 0;

    /// <summary>False where the index is switched off.</summary>
    public bool IsOffered => options.SimilarUsersLimit > 0;

    /// <summary>The index of a model's users. Waits a little for a small one.</summary>
    /// <exception cref="SimilarUsersUnavailableException">It is not built yet.</exception>
    public async Task<UserIndex> GetAsync(long modelVersion, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _askedAt, Clock.GetTimestamp());
        Volatile.Write(ref _isAsked, true);
        long started = Clock.GetTimestamp();
        while (true)
        {
            var passed = _passed;
            if (_index is { IsComplete: true } index && index.ModelVersion == modelVersion) return index;
            RequestRound();
            var left = s_waitTimeout - Clock.GetElapsedTime(started);
            try
            {
                if (left <= TimeSpan.Zero) throw new TimeoutException();
                await passed.Task.WaitAsync(left, Clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                throw new SimilarUsersUnavailableException(CurrentProblem is { } problem
                    ? "Users cannot be read: " + problem
                    : $"The factors of all users are being read for this; {Users} are there.", retryAfterSeconds: 2);
            }
        }
    }

    /// <summary>Drops an erased user.</summary>
    public void Forget(string userId) => _index?.Forget(userId);

    protected override TimeSpan? PauseWhileUnavailable => s_retry;

    protected override TimeSpan PauseAfterDefect => s_retry;

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await PassAsync(cancellationToken);
        }
        catch (Exception)
        {
            _index = null;
            throw;
        }
    }

    /// <summary>One pass, if the index is wanted.</summary>
    /// <returns>The pause before the next.</returns>
    private async Task<TimeSpan> PassAsync(CancellationToken cancellationToken)
    {
        bool isWanted = Volatile.Read(ref _isAsked) && Clock.GetElapsedTime(Volatile.Read(ref _askedAt)) < s_keep;
        if (!isWanted || serving.State.Model is not { } model)
        {
            _index = null;
            return isWanted ? s_retry : Timeout.InfiniteTimeSpan;
        }

        long started = Stopwatch.GetTimestamp();
        bool isNew = _index?.ModelVersion != model.Version;
        var index = isNew ? new UserIndex(model.Version, model.Rank, options.SimilarUsersLimit) : _index!;
        int before = isNew ? int.MaxValue : index.OfOtherModels;
        _index = index;
        index.BeginPass();
        await foreach (var users in store.ListUserFactorsAsync(model.Rank, cancellationToken))
        {
            index.Put(users);
            if (serving.State.Model?.Version != model.Version) return TimeSpan.Zero;
        }

        index.EndPass();
        Interlocked.Exchange(ref _passed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        var took = Stopwatch.GetElapsedTime(started);
        if (isNew) logger.SimilarUsersIndexed(index.Count, model.Version, index.SampledOneOf, took.TotalSeconds);

        // After a release users get factors of the new model one after another: another pass follows as long as there are more each time.
        var pause = TimeSpan.FromSeconds(Math.Max(options.SimilarUsersRefreshSeconds, 4 * took.TotalSeconds));
        var soon = s_retry + (2 * took);
        return index.OfOtherModels < before && index.OfOtherModels > 0 && soon < pause ? soon : pause;
    }
}
