namespace Recommender.Recommend.Answering;

/// <summary>One item of an answer.</summary>
/// <param name="Position">In the catalogue of the answer's state.</param>
/// <param name="IsScored">Whether the score was computed for the profile, so that it can be explained.</param>
/// <param name="Reason">Position of the only item that accounts for the score; −1: there is none.</param>
internal readonly record struct AnswerItem(int Position, float Score, bool IsScored, int Reason = -1);
