using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Factorization;

/// <summary>Which learner, and every number it is steered by: what tuning chooses and the registry keeps. Settings train a model.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "learner")]
[JsonDerivedType(typeof(IalsSettings), IalsModel.Name)]
[JsonDerivedType(typeof(SpectralSettings), Spectral.Name)]
[JsonDerivedType(typeof(NeighbourhoodSettings), NeighbourhoodModel.Name)]
[JsonDerivedType(typeof(HybridSettings), HybridModel.Name)]
[JsonDerivedType(typeof(SumSettings), SumModel.Name)]
[JsonDerivedType(typeof(CompressedSettings), CompressedModel.Name)]
[JsonDerivedType(typeof(RecencySettings), RecencyModel.Name)]
[JsonDerivedType(typeof(PopularitySettings), PopularityModel.Name)]
public abstract record LearnerSettings
{
    /// <summary>Trains on all of <paramref name="matrix"/>. Same data, settings and seed give the same bits for any number of threads.</summary>
    /// <exception cref="ArgumentException">There are no interactions, or a setting is out of range; the message names it.</exception>
    /// <exception cref="OperationCanceledException">As asked.</exception>
    public Model Train(InteractionMatrix matrix, TrainOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        Validate();
        if (matrix.Count == 0) throw new ArgumentException("There is nothing to learn from: the data holds no interactions.", nameof(matrix));
        return TrainCore(matrix, options ?? new TrainOptions(), cancellation);
    }

    private protected abstract Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation);

    /// <exception cref="ArgumentException">A setting is out of range; the message names it and the range.</exception>
    public abstract void Validate();

    /// <summary>The same with another length of factors, where the learner has one to choose.</summary>
    public virtual LearnerSettings WithRank(int rank) => this;

    /// <summary>The length of factors, of learners for which the search chooses it.</summary>
    internal virtual int? OwnRank => null;

    /// <summary>One line of JSON with a <c>learner</c> property.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Learners.Json);

    /// <exception cref="JsonException">Not settings of a learner that this build has.</exception>
    public static LearnerSettings FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<LearnerSettings>(json, Learners.Json) ?? throw new JsonException("Settings are missing.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            string learners = string.Join(", ", Learners.Names);
            throw new JsonException($"These are not settings of a learner of this build ({learners}): {e.Message}", e);
        }
    }

    private protected static void Require(bool holds, string setting, object value, string range)
    {
        if (!holds) throw new ArgumentException($"{setting} is {value}; it must be {range}.");
    }
}

/// <summary>How to run, which never changes what comes out, except for <see cref="WarmStart"/>.</summary>
public sealed record TrainOptions
{
    /// <summary>Default: one per core.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Is told after each epoch; called on the training thread.</summary>
    public Action<TrainProgress>? Progress { get; init; }

    /// <summary>
    /// Item factors to start from (<c>items × rank</c> of these settings), e.g. of the released model; all-zero rows for items it does not know.
    /// Learners without a start ignore it.
    /// </summary>
    public float[]? WarmStart { get; init; }

    /// <summary>Asked after each epoch with the model so far; true ends training with it. For early stopping on a hold-out.</summary>
    public Func<int, Model, bool>? StopAfter { get; init; }
}

/// <param name="Epoch">1-based.</param>
public readonly record struct TrainProgress(int Epoch, int Epochs);

/// <summary>The one call that trains.</summary>
public static class Learning
{
    /// <summary>What is used until tuning has found better: middling values for unknown data.</summary>
    public static IalsSettings Default { get; } = new();

    /// <inheritdoc cref="LearnerSettings.Train"/>
    public static Model Train(InteractionMatrix matrix, LearnerSettings? settings = null, TrainOptions? options = null, CancellationToken cancellation = default) =>
        (settings ?? Default).Train(matrix, options, cancellation);
}
