using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Sessions;

/// <summary>One judged combination of settings.</summary>
/// <param name="Part"><c>rules</c>, <c>neighbours</c>, <c>encoder</c> or <c>blend</c>.</param>
/// <param name="Change">The settings that differ from the best so far.</param>
/// <param name="Result">On the validation cases.</param>
/// <param name="IsBest">Whether it is the best of its part so far.</param>
public sealed record SessionTrial(string Part, string Change, NextItemResult Result, bool IsBest);
