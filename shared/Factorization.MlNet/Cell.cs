namespace Recommender.Factorization.MlNet;

/// <summary>One interaction as ML.NET reads it: fields, found by name. Indices are 0-based here; ML.NET adds 1 inside.</summary>
internal sealed class Cell
{
    public uint User;
    public uint Item;

    /// <summary>Ignored by the one-class loss: every entry counts as 1.</summary>
    public float Value;
}
