using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners;

/// <summary>A learner and all of its hyperparameters. A search chooses them, and the model registry stores them.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "learner")]
public abstract record LearnerSettings
{
    /// <summary>Trains on all of <paramref name="matrix"/>. Same data, settings and seed give the same bits for any number of
    /// threads.</summary>
    /// <exception cref="ArgumentException">There are no interactions, or a setting is out of range; the message names it.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Model Train(InteractionMatrix matrix, TrainOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        Validate();
        if (matrix.Count == 0) throw new ArgumentException("There is nothing to learn from: the data holds no interactions.",
            nameof(matrix));
        return TrainCore(matrix, options ?? new TrainOptions(), cancellation);
    }

    private protected abstract Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation);

    /// <exception cref="ArgumentException">A setting is out of range; the message names it and the range.</exception>
    public abstract void Validate();

    /// <summary>The same settings with another rank; unchanged if the learner has no rank to choose.</summary>
    public virtual LearnerSettings WithRank(int rank) => this;

    /// <summary>The rank, if the search chooses it; else null.</summary>
    internal virtual int? OwnRank => null;

    /// <summary>Kind of the models.</summary>
    internal virtual LearnerKind Kind => LearnerKind.Factors;

    /// <summary>Rank of the resulting models.</summary>
    internal virtual int FactorLength => OwnRank ?? 1;

    /// <summary>Names of the combined learners. The final of a search compares the best trial of each composition.</summary>
    internal virtual string Composition => GetType().Name;

    /// <summary>One line of JSON with a <c>learner</c> property.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, LearnerRegistry.Json);

    /// <exception cref="JsonException">Not valid settings of a learner of this build.</exception>
    public static LearnerSettings FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<LearnerSettings>(json, LearnerRegistry.Json)
                ?? throw new JsonException("Settings are missing.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            string learners = string.Join(", ", LearnerRegistry.Names);
            throw new JsonException($"These are not settings of a learner of this build ({learners}): {e.Message}", e);
        }
    }

    private protected static void Require(bool holds, string setting, object value, string range)
    {
        if (!holds) throw new ArgumentException($"{setting} is {value}; it must be {range}.");
    }
}
