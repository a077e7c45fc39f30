using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.ServiceDefaults.Keys;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.ServiceDefaults;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthBody))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(KeyFile))]
internal sealed partial class ServiceJson : JsonSerializerContext;
