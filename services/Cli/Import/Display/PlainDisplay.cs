using System.Diagnostics;
using System.Globalization;

namespace Recommender.Cli.Import.Display;

/// <summary>Plain lines for logs and pipes: a line at the beginning and end of a stage, and every few seconds between.</summary>
internal sealed class PlainDisplay(TextWriter writer, TimeSpan? every = null) : IImportDisplay
{
    private readonly TimeSpan _every = every ?? TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly Stopwatch _watch = new();
    private string? _name;
    private long _total, _done, _startedAt;
    private TimeSpan _shown;

    public Task RunAsync(Func<Task> body) => body();

    public void Stage(string name, long total, long done = 0)
    {
        lock (_gate)
        {
            this._name = name;
            this._total = total;
            this._done = _startedAt = done;
            _shown = TimeSpan.Zero;
            _watch.Restart();
        }
    }

    public void Advance(long units)
    {
        if (units == 0) return;
        lock (_gate)
        {
            _done += units;
            bool finished = _done >= _total;
            if (!finished && _watch.Elapsed - _shown < _every) return;
            _shown = _watch.Elapsed;
            double rate = (_done - _startedAt) / Math.Max(_watch.Elapsed.TotalSeconds, 1e-3);
            double left = rate > 0 ? (_total - _done) / rate : 0;
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{_name}: {_done:N0} of {_total:N0} ({Share():0} %), "
                    + $"{rate:N0}/s{(finished ? "" : $", {TimeSpan.FromSeconds(Math.Ceiling(left)):h\\:mm\\:ss} left")}"));
        }
    }

    public void Note(string line)
    {
        lock (_gate) writer.WriteLine(line);
    }

    private double Share() => _total == 0 ? 100 : Math.Floor(100.0 * _done / _total);
}
