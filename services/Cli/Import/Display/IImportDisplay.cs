namespace Recommender.Cli.Import.Display;

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
