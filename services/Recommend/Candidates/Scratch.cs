namespace Recommender.Recommend.Candidates;

/// <summary>Arrays that are used again by later answers.</summary>
internal static class Scratch
{
    /// <summary>The first <paramref name="length"/> elements of the array, which is replaced by a longer one where needed. Their content is
    /// undefined.</summary>
    public static Span<T> EnsureCapacity<T>(ref T[] array, int length)
    {
        if (array.Length < length) array = new T[Math.Max(length, array.Length * 2)];
        return array.AsSpan(0, length);
    }
}
