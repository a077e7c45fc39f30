using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

/// <summary>The result of one command: the entry afterwards, or the reason of a refusal, or neither when the command is ignored.</summary>
internal readonly record struct CatalogueOutcome(CatalogueEntry? Entry, FieldError? Error = null)
{
    public static readonly CatalogueOutcome Ignored;
}
