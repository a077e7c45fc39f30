using Recommender.Contracts;

namespace Recommender.Messaging.Parsing;

/// <summary>The events of one message: those that are valid and complete, and what is wrong with the others.</summary>
public sealed record ParsedInteractions(IReadOnlyList<Interaction> Valid, IReadOnlyList<RejectedInteraction> Rejected);
