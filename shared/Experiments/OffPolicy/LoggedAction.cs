namespace Recommender.Experiments.OffPolicy;

/// <summary>One shown item of a log, seen by the policy that is to be valued.</summary>
/// <param name="Reward">Observed reward, for example 1 for a click.</param>
/// <param name="Propensity">Probability with which the logging policy chose the item, above 0.</param>
/// <param name="Target">Probability with which the valued policy chooses it, 0 to 1.</param>
/// <param name="Predicted">Expected reward of the shown item by a model that has not seen this row; 0 without a model.</param>
/// <param name="TargetPredicted">Mean of the model's expected reward over the valued policy's choices; 0 without a model.</param>
public readonly record struct LoggedAction(
    double Reward, double Propensity, double Target, double Predicted = 0, double TargetPredicted = 0);
