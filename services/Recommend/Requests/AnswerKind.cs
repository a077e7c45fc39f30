namespace Recommender.Recommend.Requests;

/// <summary>What kind of answer is asked for.</summary>
internal enum AnswerKind
{
    ForUser,
    Popular,
    Trending,
    Latest,
    SimilarItems,
}
