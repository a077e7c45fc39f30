using System.Text.Json;

namespace Recommender.Contracts;

/// <summary>
/// A value in JSON breaks a rule of the API. The message is worded to follow the field's name, like <see cref="FieldError.Error"/>.
/// </summary>
public sealed class InvalidFieldException : JsonException
{
    public InvalidFieldException()
        : this("is not valid")
    {
    }

    public InvalidFieldException(string error)
        : base(error)
    {
    }

    public InvalidFieldException(string error, Exception innerException)
        : base(error, innerException)
    {
    }
}
