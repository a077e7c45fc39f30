using System.Globalization;
using System.Reflection;

namespace Recommender.Storage.Migrations;

/// <summary>One migration of the schema: <c>Migrations/NNN_name.DIALECT.sql</c>, embedded in this assembly.</summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>
    /// All migrations of a dialect (<c>sqlite</c> or <c>postgres</c>) in order. Both dialects have the same versions and names.
    /// </summary>
    public static IReadOnlyList<Migration> All(string dialect)
    {
        const string folder = "Migrations/";
        string suffix = $".{dialect}.sql";
        var assembly = Assembly.GetExecutingAssembly();
        var migrations = new List<Migration>();
        foreach (string resource in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!resource.StartsWith(folder, StringComparison.Ordinal) || !resource.EndsWith(suffix, StringComparison.Ordinal)) continue;
            string name = resource[folder.Length..^suffix.Length];
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            migrations.Add(new Migration(int.Parse(name.AsSpan(0, 3), CultureInfo.InvariantCulture), name[4..], reader.ReadToEnd()));
        }

        return migrations;
    }

    /// <summary>The migrations that are not yet applied.</summary>
    /// <exception cref="InvalidOperationException">The schema is newer than this program.</exception>
    public static IEnumerable<Migration> Pending(IReadOnlyList<Migration> all, int current)
    {
        int newest = all[^1].Version;
        if (current > newest)
            throw new InvalidOperationException($"The database has schema version {current}; this program knows versions up to {newest}. "
                + $"Start the newer program, or restore a backup from before the upgrade.");
        return all.Where(migration => migration.Version > current);
    }
}
