namespace Recommender.Experiments.Assignment;

/// <summary>
/// The part of a layer that an experiment occupies. Experiments of one layer occupy disjoint parts, so no unit is in two of them.
/// </summary>
/// <param name="Name">Name of the layer.</param>
/// <param name="Salt">Secret of the layer, equal in all its experiments and different from the salts of experiments.</param>
/// <param name="From">Start of the part, 0 to 1, inclusive.</param>
/// <param name="To">End of the part, 0 to 1, exclusive.</param>
public sealed record ExperimentLayer(string Name, string Salt, double From, double To);
