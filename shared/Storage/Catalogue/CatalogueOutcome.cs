using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

/// <summary>The result of one command: the new entry, or the error, or neither if the command is ignored.</summary>
internal readonly record struct CatalogueOutcome(CatalogueEntry? Entry, FieldError? Error = null)
{
    public static readonly CatalogueOutcome Ignored;
}
