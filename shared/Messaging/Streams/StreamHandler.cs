namespace Recommender.Messaging.Streams;

public delegate Task<IReadOnlyList<DeadMessage>> StreamHandler(IReadOnlyList<Delivery> batch, CancellationToken cancellationToken);
