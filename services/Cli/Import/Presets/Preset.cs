using Recommender.Cli.Import.Files;
using Recommender.CommandLines;

namespace Recommender.Cli.Import.Presets;

/// <summary>Reads one kind of file: maps its rows to items and events with ids.</summary>
internal abstract class Preset
{
    public abstract string Name { get; }

    /// <summary>All parameters that affect the result in addition to the files; part of the checkpoint's fingerprint.</summary>
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
