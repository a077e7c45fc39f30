using Recommender.Cli.Import.Files;
using Recommender.CommandLines;

namespace Recommender.Cli.Import.Presets;

/// <summary>Knows one kind of file: which rows are items and events, and their ids.</summary>
internal abstract class Preset
{
    public abstract string Name { get; }

    /// <summary>Whatever besides the files decides what comes out; part of the checkpoint's fingerprint.</summary>
    public virtual string Settings => "";

    /// <summary>How often the files are read.</summary>
    public virtual int Passes => 1;

    /// <summary>
    /// Reads all files into <paramref name="data"/>. Event ids depend on the rows alone, so that reading again gives the same ids.
    /// </summary>
    /// <param name="readBytes">Hears how many bytes of the files were read.</param>
    /// <exception cref="CommandException">The files are not of this kind.</exception>
    public abstract void Read(IReadOnlyList<SourceFile> files, ImportData data, Action<int> readBytes, CancellationToken cancellationToken);
}
