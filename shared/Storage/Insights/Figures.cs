using Recommender.Contracts.Served;

namespace Recommender.Storage.Insights;

/// <summary>Sums over answers, each times 1 / <see cref="ServedAnswer.Share"/>. Outcomes are in the hour of their answer.</summary>
public sealed record Figures
{
    /// <summary>UTC, since 1970.</summary>
    public required int Hour { get; init; }

    /// <summary>Empty: none.</summary>
    public required string Placement { get; init; }

    public required AnswerKind Kind { get; init; }
    public required string Source { get; init; }

    /// <summary>0: none.</summary>
    public required long ModelVersion { get; init; }

    /// <summary>Answers that were recorded, each once: the number that an interval depends on.</summary>
    public long Recorded { get; init; }

    public double Answers { get; init; }

    /// <summary>Items in the answers.</summary>
    public double Items { get; init; }

    /// <summary>Answers with a click or more.</summary>
    public double ClickedAnswers { get; init; }

    public double Clicks { get; init; }

    /// <summary>Answers with a conversion or more.</summary>
    public double ConvertedAnswers { get; init; }

    public double Conversions { get; init; }

    /// <summary>Sum of the values of conversions.</summary>
    public double Value { get; init; }

    /// <summary>Sum over answers of the square of their value.</summary>
    public double ValueSquares { get; init; }

    /// <summary>The sums of both, under the key of this one.</summary>
    public Figures Plus(Figures other) => this with
    {
        Recorded = Recorded + other.Recorded,
        Answers = Answers + other.Answers,
        Items = Items + other.Items,
        ClickedAnswers = ClickedAnswers + other.ClickedAnswers,
        Clicks = Clicks + other.Clicks,
        ConvertedAnswers = ConvertedAnswers + other.ConvertedAnswers,
        Conversions = Conversions + other.Conversions,
        Value = Value + other.Value,
        ValueSquares = ValueSquares + other.ValueSquares,
    };

    /// <summary>Nothing yet, under the key of an answer.</summary>
    public static Figures Of(ServedAnswer answer) => new()
    {
        Hour = (int)(answer.AtMs / 3_600_000),
        Placement = answer.Placement ?? "",
        Kind = answer.Kind,
        Source = answer.Source,
        ModelVersion = answer.ModelVersion,
    };
}
