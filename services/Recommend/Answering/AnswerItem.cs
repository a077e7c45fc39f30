namespace Recommender.Recommend.Answering;

/// <summary>One item of an answer.</summary>
/// <param name="Position">In the catalogue of the answer's state.</param>
/// <param name="FromModel">Whether the score is the model's, so that it can be explained.</param>
internal readonly record struct AnswerItem(int Position, float Score, bool FromModel);
