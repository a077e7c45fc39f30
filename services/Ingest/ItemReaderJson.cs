using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.Contracts;

namespace Recommender.Ingest;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, MaxDepth = Limits.JsonDepth, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(NamedChange))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class ItemReaderJson : JsonSerializerContext;
