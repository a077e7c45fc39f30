using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Recommender.Cli.Import.Files;
using Recommender.CommandLines;

namespace Recommender.Cli.Import.Sending;

/// <summary>
/// The position of an import, kept in a small file so that an interrupted one continues. Losing it is harmless: ids are stable,
/// so that sending again changes nothing.
/// </summary>
internal sealed class Checkpoint
{
    private readonly string _path;
    private readonly string _fingerprint;

    private Checkpoint(string path, string fingerprint)
    {
        this._path = path;
        this._fingerprint = fingerprint;
    }

    public string FilePath => _path;

    /// <summary>The checkpoint of these files, this preset with these settings, and this server.</summary>
    public static Checkpoint Of(ImportOptions options, IReadOnlyList<SourceFile> files)
    {
        var text = new StringBuilder()
            .AppendLine("2")
            .AppendLine(options.Preset.Name)
            .AppendLine(options.Preset.Settings)
            .AppendLine(options.Encoding?.Name)
            .AppendLine(options.To.AbsoluteUri);
        foreach (var file in files) text.AppendLine(file.Fingerprint());
        string fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
        return new Checkpoint(options.CheckpointFile ?? Path.Combine(DefaultFolder(), $"import-{fingerprint[..16]}.json"), fingerprint);
    }

    /// <summary>Null when there is none, or one of another import, or one that cannot be read.</summary>
    public Position? Read()
    {
        try
        {
            var stored = JsonSerializer.Deserialize<Stored>(File.ReadAllBytes(_path), JsonSerializerOptions.Web);
            return stored is { Items: >= 0, Events: >= 0 } && stored.Fingerprint == _fingerprint
                ? new Position(stored.Items, stored.Events) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <exception cref="CommandException">The file cannot be written.</exception>
    public void Write(Position position)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(_path)) is { } folder) Directory.CreateDirectory(folder);
            File.WriteAllBytes(_path + ".new", JsonSerializer.SerializeToUtf8Bytes(
                new Stored(_fingerprint, position.Items, position.Events), JsonSerializerOptions.Web));
            File.Move(_path + ".new", _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The checkpoint {_path} cannot be written: {e.Message} (--checkpoint FILE names another place)",
                inner: e);
        }
    }

    /// <summary>Removes the file of a finished import.</summary>
    public void Delete()
    {
        if (Read() is not null) File.Delete(_path);
    }

    private static string DefaultFolder()
    {
        string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(data.Length > 0 ? data : Path.GetTempPath(), "recommender");
    }

    private sealed record Stored(string Fingerprint, long Items, long Events);
}
