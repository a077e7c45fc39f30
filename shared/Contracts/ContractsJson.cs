using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.Contracts.Served;

namespace Recommender.Contracts;

/// <summary>
/// The JSON context of all contracts: source-generated, camelCase, without nulls, of limited depth. A repeated property is an error.
/// </summary>
/// <remarks>
/// Properties with a default are <c>set</c>, not <c>init</c>: source-generated deserialization assigns every <c>init</c> property, so a
/// property missing in the JSON would be null or false instead of its default.
/// </remarks>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    MaxDepth = Limits.JsonDepth,
    AllowDuplicateProperties = false,
    Converters = [typeof(Rfc3339Converter)])]
[JsonSerializable(typeof(Interaction))]
[JsonSerializable(typeof(Interaction[]))]
[JsonSerializable(typeof(List<Interaction>))]
[JsonSerializable(typeof(AcceptedResponse))]
[JsonSerializable(typeof(Item))]
[JsonSerializable(typeof(Item[]))]
[JsonSerializable(typeof(ItemPatch))]
[JsonSerializable(typeof(ItemPatch[]))]
[JsonSerializable(typeof(UserProfile))]
[JsonSerializable(typeof(Command))]
[JsonSerializable(typeof(Command[]))]
[JsonSerializable(typeof(List<Command>))]
[JsonSerializable(typeof(ModelReleased))]
[JsonSerializable(typeof(CatalogueChanged))]
[JsonSerializable(typeof(UserErased))]
[JsonSerializable(typeof(UserForgotten))]
[JsonSerializable(typeof(RecommendationRequest))]
[JsonSerializable(typeof(RecommendationResponse))]
[JsonSerializable(typeof(UserRecommendationResponse))]
[JsonSerializable(typeof(RankRequest))]
[JsonSerializable(typeof(SearchRequest))]
[JsonSerializable(typeof(SearchResponse))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(ServingInfo))]
[JsonSerializable(typeof(SimilarUsersResponse))]
[JsonSerializable(typeof(UserHistoryResponse))]
[JsonSerializable(typeof(ModelInfo))]
[JsonSerializable(typeof(ModelMetrics))]
[JsonSerializable(typeof(ModelsResponse))]
[JsonSerializable(typeof(StatusResponse))]
[JsonSerializable(typeof(TrainingAccepted))]
[JsonSerializable(typeof(UserListResponse))]
[JsonSerializable(typeof(DeadLettersResponse))]
[JsonSerializable(typeof(ReplayResponse))]
[JsonSerializable(typeof(MergeRequest))]
[JsonSerializable(typeof(ErasureResponse))]
[JsonSerializable(typeof(UserExport))]
[JsonSerializable(typeof(ServedAnswerResponse))]
[JsonSerializable(typeof(InsightsResponse))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class ContractsJson : JsonSerializerContext;
