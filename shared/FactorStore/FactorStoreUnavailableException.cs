using Recommender.Contracts;

namespace Recommender.FactorStore;

public sealed class FactorStoreUnavailableException(string message, Exception? inner = null)
    : DependencyUnavailableException(message, inner);
