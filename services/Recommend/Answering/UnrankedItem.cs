namespace Recommender.Recommend.Answering;

/// <summary>An item that was to be ranked and cannot be.</summary>
/// <param name="Position">In the catalogue; −1 for one that the catalogue does not have.</param>
internal readonly record struct UnrankedItem(string Id, int Position);
