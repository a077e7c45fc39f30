using System.Text.Json;

namespace Recommender.Contracts;

/// <summary>
/// A value in JSON that breaks a rule of the API. The message is for the caller and follows the field's name, as
/// <see cref="FieldError.Error"/> does.
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
