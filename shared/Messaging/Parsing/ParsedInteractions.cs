using Recommender.Contracts;

namespace Recommender.Messaging.Parsing;

/// <summary>The events of one message: the valid ones, complete, and the rejected ones with their errors.</summary>
public sealed record ParsedInteractions(IReadOnlyList<Interaction> Valid, IReadOnlyList<RejectedInteraction> Rejected);
