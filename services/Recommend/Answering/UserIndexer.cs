using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.FactorStore;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Answering;

/// <summary>
/// Builds the <see cref="UserIndex"/> of the served model when similar users are first asked for, and keeps it current by a pass over the
/// factor store after each pause of <see cref="RecommendOptions.SimilarUsersRefreshSeconds"/>. Drops it when it has not been asked for
/// lately, or when a pass fails, since erased users could stay in it.
/// </summary>
internal sealed class UserIndexer(
    Recommender.Recommend.Serving.ServingIndexes serving,
    IFactorStore store,
    RecommendOptions options,
    TimeProvider clock,
    ILogger<UserIndexer> logger) : BackgroundService
{
    private static readonly TimeSpan s_keep = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_waitTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _wake = new(0, 1);
    private volatile UserIndex? _index;
    private volatile TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _askedAt;
    private bool _isAsked;
    private string? _problem;

    /// <summary>Users in the index now.</summary>
    public int Users => _index?.Count ?? 0;

    /// <exception cref="ProblemException">The index is switched off.</exception>
    public void CheckIsOn()
    {
        if (options.SimilarUsersLimit > 0) return;
        throw new ProblemException(new Problem
        {
            Type = Problem.TypeOf("switched-off"),
            Title = "Switched off",
            Status = 501,
            Detail =
                $"Similar users are switched off: setting {RecommendOptions.Section}:{nameof(RecommendOptions.SimilarUsersLimit)} is 0.",
        });
    }

    /// <summary>The index of a model's users. Waits a little for a small one.</summary>
    /// <exception cref="ProblemException">It is not built yet.</exception>
    public async Task<UserIndex> GetAsync(long modelVersion, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _askedAt, clock.GetTimestamp());
        Volatile.Write(ref _isAsked, true);
        long started = clock.GetTimestamp();
        while (true)
        {
            var passed = _passed;
            if (_index is { IsComplete: true } index && index.ModelVersion == modelVersion) return index;
            Wake();
            var left = s_waitTimeout - clock.GetElapsedTime(started);
            try
            {
                if (left <= TimeSpan.Zero) throw new TimeoutException();
                await passed.Task.WaitAsync(left, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                throw new ProblemException(Problem.Unavailable(Volatile.Read(ref _problem) is { } problem
                    ? "Users cannot be read: " + problem
                    : $"The factors of all users are being read for this; {Users} are there.", retryAfterSeconds: 2));
            }
        }
    }

    /// <summary>Drops an erased user.</summary>
    public void Forget(string userId) => _index?.Forget(userId);

    public override void Dispose()
    {
        base.Dispose();
        _wake.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = s_retry;
            try
            {
                pause = await RoundAsync(stoppingToken);
                if (Interlocked.Exchange(ref _problem, null) is not null) logger.LogInformation("Similar users are found again.");
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (FactorStoreUnavailableException e)
            {
                _index = null;
                if (Interlocked.Exchange(ref _problem, e.Message) is null)
                    logger.LogWarning("The index of similar users was dropped: {Problem} It is built again.", e.Message);
            }
            catch (Exception e)
            {
                // A defect in one value must not end all passes; it shows in the log and in answers until it is gone.
                _index = null;
                if (Interlocked.Exchange(ref _problem, e.Message) != e.Message)
                    logger.LogError(e, "The index of similar users was dropped. It is built again.");
            }

            await ((Task)_wake.WaitAsync(pause, stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One pass, if the index is wanted.</summary>
    /// <returns>The pause before the next.</returns>
    private async Task<TimeSpan> RoundAsync(CancellationToken cancellationToken)
    {
        bool isWanted = Volatile.Read(ref _isAsked) && clock.GetElapsedTime(Volatile.Read(ref _askedAt)) < s_keep;
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
        if (isNew) logger.LogInformation("Similar users: {Users} users of model {Version}, one of {Sample}, read in {Seconds:0.0} s.",
            index.Count, model.Version, index.SampledOneOf, took.TotalSeconds);

        // After a release users get factors of the new model one after another: another pass follows as long as there are more each time.
        var pause = TimeSpan.FromSeconds(Math.Max(options.SimilarUsersRefreshSeconds, 4 * took.TotalSeconds));
        var soon = s_retry + (2 * took);
        return index.OfOtherModels < before && index.OfOtherModels > 0 && soon < pause ? soon : pause;
    }

    private void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another request woke it at the same moment; one pass serves both.
        }
    }
}
