namespace Recommender.AppHost;

/// <summary>Files with secrets.</summary>
internal static class PrivateFile
{
    /// <summary>Writes a file that only its owner can read. It replaces an older one atomically.</summary>
    public static void Write(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string part = path + ".part";
        File.Delete(part);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(part, options)) writer.Write(content);
        File.Move(part, path, overwrite: true);
    }
}
