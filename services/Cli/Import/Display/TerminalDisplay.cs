using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Recommender.Cli.Import.Display;

/// <summary>A progress bar with rate and time left.</summary>
internal sealed class TerminalDisplay(IAnsiConsole console) : IImportDisplay
{
    private ProgressContext? _context;
    private ProgressTask? _task;

    public Task RunAsync(Func<Task> body) => console.Progress()
        .AutoClear(false)
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
            new CountColumn(), new RateColumn(), new RemainingTimeColumn())
        .StartAsync(async started =>
        {
            _context = started;
            await body();
            Finish();
        });

    public void Stage(string name, long total, long done = 0)
    {
        Finish();
        _task = _context!.AddTask(Markup.Escape(name), maxValue: Math.Max(total, 1));
        if (done > 0) _task.Increment(done);
    }

    public void Advance(long units) => _task?.Increment(units);

    public void Note(string line) => console.WriteLine(line);

    // A stage may have nothing to do, or files that were not read; its rate stands still from here.
    private void Finish()
    {
        if (_task is null) return;
        _task.Value = _task.MaxValue;
        _task.StopTask();
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
            double? rate = task.IsFinished && task.ElapsedTime is { TotalSeconds: > 0 } took ? task.MaxValue / took.TotalSeconds
                : task.Speed;
            return new Text(rate is { } r ? string.Create(CultureInfo.InvariantCulture, $"{r:N0}/s")
                : "")
            { Justification = Justify.Right };
        }
    }
}
