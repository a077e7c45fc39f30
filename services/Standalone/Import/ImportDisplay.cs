using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Recommender.Standalone.Import;

/// <summary>Shows how an import advances. Stages follow one another.</summary>
internal interface IImportDisplay
{
    /// <summary>Runs <paramref name="body"/> while the display is shown.</summary>
    Task RunAsync(Func<Task> body);

    /// <summary>Begins a stage of <paramref name="total"/> units, <paramref name="done"/> of them done before.</summary>
    void Stage(string name, long total, long done = 0);

    void Advance(long units);

    /// <summary>A line worth reading. Safe from any thread.</summary>
    void Note(string line);
}

/// <summary>Plain lines for logs and pipes: a line at the beginning and end of a stage, and every few seconds between.</summary>
internal sealed class PlainDisplay(TextWriter writer, TimeSpan? every = null) : IImportDisplay
{
    private readonly TimeSpan every = every ?? TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly Stopwatch watch = new();
    private string? name;
    private long total, done, startedAt;
    private TimeSpan shown;

    public Task RunAsync(Func<Task> body) => body();

    public void Stage(string name, long total, long done = 0)
    {
        lock (gate)
        {
            this.name = name;
            this.total = total;
            this.done = startedAt = done;
            shown = TimeSpan.Zero;
            watch.Restart();
        }
    }

    public void Advance(long units)
    {
        if (units == 0) return;
        lock (gate)
        {
            done += units;
            bool finished = done >= total;
            if (!finished && watch.Elapsed - shown < every) return;
            shown = watch.Elapsed;
            double rate = (done - startedAt) / Math.Max(watch.Elapsed.TotalSeconds, 1e-3);
            double left = rate > 0 ? (total - done) / rate : 0;
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {done:N0} of {total:N0} ({Share():0} %), {rate:N0}/s{(finished ? "" : $", {TimeSpan.FromSeconds(Math.Ceiling(left)):h\\:mm\\:ss} left")}"));
        }
    }

    public void Note(string line)
    {
        lock (gate) writer.WriteLine(line);
    }

    private double Share() => total == 0 ? 100 : Math.Floor(100.0 * done / total);
}

/// <summary>A progress bar with rate and time left.</summary>
internal sealed class TerminalDisplay(IAnsiConsole console) : IImportDisplay
{
    private ProgressContext? context;
    private ProgressTask? task;

    public Task RunAsync(Func<Task> body) => console.Progress()
        .AutoClear(false)
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new CountColumn(), new RateColumn(), new RemainingTimeColumn())
        .StartAsync(async started =>
        {
            context = started;
            await body();
            Finish();
        });

    public void Stage(string name, long total, long done = 0)
    {
        Finish();
        task = context!.AddTask(Markup.Escape(name), maxValue: Math.Max(total, 1));
        if (done > 0) task.Increment(done);
    }

    public void Advance(long units) => task?.Increment(units);

    public void Note(string line) => console.WriteLine(line);

    // A stage may have nothing to do, or files that were not read; its rate stands still from here.
    private void Finish()
    {
        if (task is null) return;
        task.Value = task.MaxValue;
        task.StopTask();
    }

    private sealed class CountColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(string.Create(CultureInfo.InvariantCulture, $"{task.Value:N0}/{task.MaxValue:N0}")) { Justification = Justify.Right };
    }

    private sealed class RateColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            double? rate = task.IsFinished && task.ElapsedTime is { TotalSeconds: > 0 } took ? task.MaxValue / took.TotalSeconds : task.Speed;
            return new Text(rate is { } r ? string.Create(CultureInfo.InvariantCulture, $"{r:N0}/s") : "") { Justification = Justify.Right };
        }
    }
}
