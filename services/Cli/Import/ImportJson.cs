using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Cli.Import;

/// <summary>JSON of what only imports send. A null field is left out: in a merge patch it would remove the field.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ItemPatch[]))]
internal sealed partial class ImportJson : JsonSerializerContext;
