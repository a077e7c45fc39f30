using System.Globalization;
using System.Text;

namespace Recommender.Benchmarks.Quality;

/// <summary>A small generated data set with times and genres, in files of MovieLens in a temporary folder.</summary>
internal sealed class TinyDataSet : IDisposable
{
    private const int Users = 150, Items = 300, PerUser = 14, Genres = 6;

    public TinyDataSet()
    {
        var random = new Random(1);
        var ratings = new StringBuilder("userId,movieId,rating,timestamp\n");
        for (int user = 0; user < Users; user++)
        {
            var rated = new HashSet<int>();
            while (rated.Count < PerUser)
            {
                // Users have one genre; within it, low numbers are popular. One rating in five is of any item.
                int place = (int)(Items / Genres * Math.Pow(random.NextDouble(), 1.5));
                int item = random.Next(5) == 0 ? random.Next(Items) : (place * Genres) + (user % Genres);
                if (!rated.Add(item)) continue;
                int time = 1_700_000_000 + random.Next(10_000_000);
                ratings.Append(CultureInfo.InvariantCulture, $"{user},{item},{3 + random.Next(3)},{time}\n");
            }
        }

        var movies = new StringBuilder("movieId,title,genres\n");
        for (int item = 0; item < Items; item++)
            movies.Append(CultureInfo.InvariantCulture, $"{item},Film {item},genre-{item % Genres}|decade-{item % 4}\n");
        File.WriteAllText(Path.Combine(Folder, "ratings.csv"), ratings.ToString());
        File.WriteAllText(Path.Combine(Folder, "movies.csv"), movies.ToString());
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("recommender-tiny-").FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
