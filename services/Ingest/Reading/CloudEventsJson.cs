using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.Contracts;

namespace Recommender.Ingest.Reading;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, MaxDepth = Limits.JsonDepth + 2, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(CloudEvent))]
internal sealed partial class CloudEventsJson : JsonSerializerContext;
