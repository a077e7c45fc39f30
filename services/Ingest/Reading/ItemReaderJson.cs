using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.Contracts;
using Recommender.Ingest.Endpoints;

namespace Recommender.Ingest.Reading;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, MaxDepth = Limits.JsonDepth, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(NamedChange))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class ItemReaderJson : JsonSerializerContext;
