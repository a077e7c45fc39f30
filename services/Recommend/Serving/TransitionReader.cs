using Polly.Registry;
using Recommender.FactorStore;
using Recommender.FactorStore.Transitions;
using Recommender.Factorization.Sessions.Baskets;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;
using Recommender.ServiceDefaults.Workers;

namespace Recommender.Recommend.Serving;

/// <summary>
/// Keeps the transition rows in memory as the factor store has them, and the score mix. A change is read at once when the factor store
/// announces it, and by polling. Rows of another generation are read as a whole before they are served.
/// </summary>
internal sealed class TransitionReader(
    IFactorStore store,
    ServingIndexes serving,
    RecommendOptions options,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<TransitionReader> logger) : RepeatingWorker("Reading of transitions", pipelines, clock, logger)
{
    private const int RowsPerPage = 2_000;

    /// <summary>Changes of this time are read together.</summary>
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMilliseconds(5);

    // Used by the rounds alone.
    private Task? _watching;
    private byte[] _mixBytes = [];
    private ScoreMix? _mix;
    private TransitionTable? _rows;
    private TransitionTable _baskets = CreateBaskets();
    private TransitionTable[] _recent = [];
    private string? _generation;
    private long _position;
    private bool _isRecentChanged;

    protected override TimeSpan? PauseWhileUnavailable => TimeSpan.FromMilliseconds(options.PollMilliseconds);

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        // Watching ends when the factor store is lost.
        if (_watching is null or { IsCompleted: true }) _watching = WatchAsync(cancellationToken);
        bool isMore;
        do
        {
            var changes = await store.ReadTransitionChangesAsync(_position, RowsPerPage, cancellationToken);
            TakeMix(changes.Mix);
            if (changes.Generation is null || _mix is null || !changes.Generation.StartsWith(_mix.Rules + ".", StringComparison.Ordinal))
            {
                // Rows are being counted, or their mix is on its way. Until then the rows in memory stay.
                break;
            }

            if (changes.Generation != _generation)
            {
                bool isFirstPage = _position == 0;
                (_rows, _generation, _position) = (new TransitionTable(_mix.Transitions), changes.Generation, 0);
                _recent = [.. SessionMix.HalfLivesMs.Select(CreateRecent)];
                _baskets = CreateBaskets();
                if (!isFirstPage)
                {
                    isMore = true;
                    continue;
                }
            }

            foreach (var row in changes.Rows) Load(row);
            _position = changes.Position;
            isMore = changes.More;
            if (!isMore && (_isRecentChanged || serving.State.Transitions is not { } served || served.Rows != _rows || served.Mix != _mix))
            {
                serving.Serve(new ServingTransitions(_rows!, _mix, _recent, _baskets));
                _isRecentChanged = false;
            }
        }
        while (isMore);

        await Task.Delay(s_shortestPause, Clock, cancellationToken);
        return TimeSpan.FromMilliseconds(options.PollMilliseconds);
    }

    /// <summary>Nothing: <see cref="ServingIndexes"/> reports the factor store.</summary>
    protected override void ReportLoss(Exception failure)
    {
    }

    /// <inheritdoc cref="ReportLoss"/>
    protected override void ReportReturn()
    {
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.WatchTransitionsAsync(RequestRound, cancellationToken);
        }
        catch (FactorStoreUnavailableException)
        {
            // The round reports it, and the next one that succeeds watches again.
        }
    }

    private static TransitionTable CreateRecent(long halfLifeMs) =>
        new(new TransitionSettings { RowLength = TransitionSettings.LongestRow, HalfLifeMs = halfLifeMs });

    private static TransitionTable CreateBaskets() => new(new BasketSettings().Rows);

    private void Load(in TransitionRowRecord row)
    {
        int scale = row.RecentScale;
        if (scale < 0)
        {
            (row.IsBasket ? _baskets : _rows!).LoadRow(row.Item, row.Row.Span);
        }
        else if (scale < _recent.Length)
        {
            _recent[scale].LoadRow(0, row.Row.Span);
            _isRecentChanged = true;
        }
    }

    private void TakeMix(byte[]? bytes)
    {
        if (bytes is null || bytes.AsSpan().SequenceEqual(_mixBytes)) return;
        var mix = ScoreMix.Read(bytes);
        bool sameRows = _mix?.Rules == mix.Rules;
        (_mixBytes, _mix) = (bytes, mix);
        if (_rows is not null && sameRows) _rows = _rows.WithScoring(mix.Transitions);
    }
}
