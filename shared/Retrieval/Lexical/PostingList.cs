namespace Recommender.Retrieval.Lexical;

/// <summary>The items that have a term, by ascending position, with their weighted occurrences.</summary>
internal sealed class PostingList
{
    private int[] _positions = new int[2];
    private float[] _frequencies = new float[2];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, Count);

    public ReadOnlySpan<float> Frequencies => _frequencies.AsSpan(0, Count);

    public void Add(int position, float frequency)
    {
        int at = Positions.BinarySearch(position);
        if (at >= 0)
        {
            _frequencies[at] = frequency;
            return;
        }

        at = ~at;
        if (Count == _positions.Length)
        {
            Array.Resize(ref _positions, Count * 2);
            Array.Resize(ref _frequencies, Count * 2);
        }

        _positions.AsSpan(at, Count - at).CopyTo(_positions.AsSpan(at + 1));
        _frequencies.AsSpan(at, Count - at).CopyTo(_frequencies.AsSpan(at + 1));
        (_positions[at], _frequencies[at]) = (position, frequency);
        Count++;
    }

    public void Remove(int position)
    {
        int at = Positions.BinarySearch(position);
        if (at < 0) return;
        Count--;
        _positions.AsSpan(at + 1, Count - at).CopyTo(_positions.AsSpan(at));
        _frequencies.AsSpan(at + 1, Count - at).CopyTo(_frequencies.AsSpan(at));
    }
}
