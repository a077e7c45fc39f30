using Recommender.Contracts;
using Recommender.Storage.Events;

namespace Recommender.Storage.Users;

/// <param name="Items">Items whose statistics changed, with what they are now. Null when this very erasure had been carried out before:
/// then they are not known any more.</param>
public sealed record ErasedUser(ErasureResponse Receipt, IReadOnlyList<ItemStatistics>? Items);
