using Microsoft.OpenApi;

namespace Recommender.Recommend.Endpoints;

/// <summary>A parameter as OpenAPI shows it.</summary>
internal sealed record Parameter(string Name, JsonSchemaType Type, string Description, ParameterLocation In = ParameterLocation.Query,
    bool Repeats = false)
{
    public static readonly Parameter User = new("userId", JsonSchemaType.String,
        "External id of the user, percent-encoded. No id is '.' or '..'.", ParameterLocation.Path);
    public static readonly Parameter Item = new("itemId", JsonSchemaType.String,
        "External id of the item, percent-encoded. No id is '.' or '..'.", ParameterLocation.Path);
    public static readonly Parameter Count = new("count", JsonSchemaType.Integer, "Items wanted, 0 to 1000.");
    public static readonly Parameter[] List =
    [
        Count,
        new("category", JsonSchemaType.String, "Only items with this category; repeated: with one of them.", Repeats: true),
        new("tag", JsonSchemaType.String, "Only items with this tag; repeated: with one of them.", Repeats: true),
        new("exclude", JsonSchemaType.String, "Id of an item that must not appear; may be repeated.", Repeats: true),
        new("cursor", JsonSchemaType.String,
            "The 'next' of the page before. The pages together show at most 10000 items; the last says limitReached if there are more."),
    ];

    public static readonly Parameter[] Recommendations =
    [
        User,
        .. List,
        new("placement", JsonSchemaType.String, "A configured placement, whose settings hold unless the request has its own."),
        new("sessionId", JsonSchemaType.String, "Session to recommend from while the user is unknown."),
        new("includeSeen", JsonSchemaType.Boolean, "Whether items of the user's history may appear."),
        new("explain", JsonSchemaType.Boolean,
            "Whether each item comes with reasons: the history items with the largest shares of its score, and the sum of the rest."),
        new("reasons", JsonSchemaType.Integer | JsonSchemaType.String,
            "How many reasons each item comes with, 0 to 1000 or 'all'; 5 if left out. Asks for reasons where explain is left out."),
        new("diversity", JsonSchemaType.Number, "0 (only relevance) to 1 (only variety)."),
    ];

    public OpenApiParameter ToOpenApi()
    {
        var schema = new OpenApiSchema { Type = Type };
        return new OpenApiParameter
        {
            Name = Name,
            In = In,
            Required = In == ParameterLocation.Path,
            Description = Description,
            Schema = Repeats ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } : schema,
        };
    }
}
