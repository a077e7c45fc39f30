using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FsCheck;
using FsCheck.Fluent;
using Recommender.Contracts.Served;
using Xunit;

namespace Recommender.Contracts.Tests;

/// <summary>The JSON on the wire is a promise: these texts change only with the version of the API.</summary>
public sealed class JsonTests
{
    private static readonly DateTimeOffset s_at = new(2010, 12, 1, 8, 26, 0, TimeSpan.Zero);

    public static TheoryData<object, string> Golden => new()
    {
        {
            new Interaction { EventId = "o-1", UserId = "17850", SessionId = "s-1", ItemId = "85123A", Type = "purchase", Value = 6,
                OccurredAt = s_at, RecommendationId = "r", Context = JsonElement.Parse("""{"device":"web"}""") },
            """{"eventId":"o-1","userId":"17850","sessionId":"s-1","itemId":"85123A","type":"purchase","value":6,"occurredAt":"2010-12-01T08:26:00+00:00","recommendationId":"r","context":{"device":"web"}}"""
        },
        { new Interaction { UserId = "u", ItemId = "i", Type = "view" }, """{"userId":"u","itemId":"i","type":"view"}""" },
        {
            new AcceptedResponse { Accepted = 2, Rejected = [new RejectedElement(1, "itemId", "is required")], EventIds = ["x"] },
            """{"accepted":2,"rejected":[{"index":1,"field":"itemId","error":"is required"}],"eventIds":["x"]}"""
        },
        {
            new Item { ItemId = "85123A", Title = "HOLDER", Categories = ["home"], Tags = ["heart"],
                Properties = new Dictionary<string, JsonElement> { ["price"] = JsonElement.Parse("2.55") }, PublishedAt = s_at, Url = "u",
                ImageUrl = "v", Vector = [0.1f, 0.2f] },
            """{"itemId":"85123A","title":"HOLDER","categories":["home"],"tags":["heart"],"properties":{"price":2.55},"available":true,"publishedAt":"2010-12-01T08:26:00+00:00","url":"u","imageUrl":"v","vector":[0.1,0.2]}"""
        },
        { new Command { Kind = CommandKind.MergeSession, AcceptedAt = s_at, UserId = "u", SessionId = "s" },
            """{"kind":"MergeSession","acceptedAt":"2010-12-01T08:26:00+00:00","userId":"u","sessionId":"s"}""" },
        { new ModelReleased { Version = 3, ReleasedAt = s_at }, """{"version":3,"releasedAt":"2010-12-01T08:26:00+00:00"}""" },
        {
            new RecommendationResponse { RecommendationId = "r", ModelVersion = 12, Source = Sources.Personal,
                Items = [new RecommendedItem { ItemId = "22423", Score = 0.5f, Reasons = [new Reason { ItemId = "85123A", Share = 1 }] }] },
            """{"recommendationId":"r","modelVersion":12,"source":"personal","items":[{"itemId":"22423","score":0.5,"reasons":[{"itemId":"85123A","share":1}]}]}"""
        },
        {
            new RecommendationResponse { RecommendationId = "r", Source = Sources.Popular, LimitReached = true,
                Items = [new RecommendedItem { ItemId = "a", Score = 1, Reasons = [new Reason { ItemId = "b", Share = 0.75f }],
                Rest = 0.25f }, new RecommendedItem { ItemId = "c", Score = 0, Known = false },
                new RecommendedItem { ItemId = "d", Score = 0, Title = "D", Available = false }] },
            """{"recommendationId":"r","source":"popular","limitReached":true,"items":[{"itemId":"a","score":1,"reasons":[{"itemId":"b","share":0.75}],"rest":0.25},{"itemId":"c","score":0,"known":false},{"itemId":"d","score":0,"title":"D","available":false}]}"""
        },
        {
            new ErasureResponse { ErasureId = "x", State = "pending",
                Stages = new Dictionary<string, DateTimeOffset> { ["requested"] = s_at } },
            """{"erasureId":"x","state":"pending","stages":{"requested":"2010-12-01T08:26:00+00:00"},"eventsRemoved":0}"""
        },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public void The_JSON_is_as_promised_and_reads_back(object value, string json)
    {
        var type = ContractsJson.Default.GetTypeInfo(value.GetType())!;
        Assert.Equal(json, JsonSerializer.Serialize(value, type));
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize(json, type), type));
    }

    [Fact]
    public void Events_read_back_as_they_were_written()
    {
        var ids = ArbMap.Default.GeneratorFor<NonNull<string>>().Select(s => (string?)s.Get).OrNull();
        var events =
            from userId in ids
            from itemId in ids
            from value in ArbMap.Default.GeneratorFor<NormalFloat>()
            from ticks in Gen.Choose(0, int.MaxValue)
            select new Interaction
            {
                UserId = userId,
                ItemId = itemId,
                Type = "view",
                Value = value.Get,
                OccurredAt = DateTimeOffset.UnixEpoch.AddTicks(ticks * 1_000_003L)
            };
        Prop.ForAll(events.ToArbitrary(), interaction =>
        {
            // Unpaired surrogates are replaced when written; validation refuses them before.
            if (interaction.UserId?.Any(char.IsSurrogate) == true || interaction.ItemId?.Any(char.IsSurrogate) == true) return true;
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(interaction, ContractsJson.Default.Interaction);
            return JsonSerializer.Deserialize(json, ContractsJson.Default.Interaction) == interaction;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_is_missing_takes_its_default()
    {
        var item = JsonSerializer.Deserialize("{}", ContractsJson.Default.Item)!;
        Assert.True(item.Available);
        Assert.Empty(item.Categories);
        Assert.Empty(item.Tags);
        Assert.Empty(item.Properties);
        Assert.Empty(JsonSerializer.Deserialize("{}", ContractsJson.Default.UserProfile)!.Properties);
        var request = JsonSerializer.Deserialize("""{"boosts":[{}]}""", ContractsJson.Default.RecommendationRequest)!;
        Assert.Equal(1, Assert.Single(request.Boosts!).Factor);
        Assert.Empty(JsonSerializer.Deserialize("""{"accepted":1}""", ContractsJson.Default.AcceptedResponse)!.Rejected);
    }

    /// <summary>The rule behind the test above, for properties yet to come.</summary>
    [Fact]
    public void No_contract_has_an_init_property_with_a_default()
    {
        foreach (var type in typeof(Interaction).Assembly.GetExportedTypes()
            .Where(t => t is { IsClass: true, IsAbstract: false } && t.GetConstructor(Type.EmptyTypes) is not null
                && t.GetMethod("<Clone>$") is not null))
        {
            object defaults = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
            object made = Activator.CreateInstance(type)!;
            foreach (var property in type.GetProperties().Where(p => p.SetMethod is not null))
            {
                bool init = property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers()
                    .Contains(typeof(System.Runtime.CompilerServices.IsExternalInit));
                if (init) Assert.True(Equals(property.GetValue(defaults),
                    property.GetValue(made)), $"{type.Name}.{property.Name} has a default and is init");
            }
        }
    }

    [Theory]
    [InlineData("""{"userId":"a","userId":"b"}""")]
    [InlineData("""{"context":{"a":1,"a":2}}""")]
    [InlineData("""{"value":"1"}""")]
    [InlineData("""{"userId":1}""")]
    [InlineData("""{"userId":"a",}""")]
    [InlineData("""{"userId":"a"} x""")]
    [InlineData("""{"context":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}}}}}}}}}""")]
    public void Ambiguous_or_malformed_JSON_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, ContractsJson.Default.Interaction));

    [Fact]
    public void Every_public_contract_is_in_the_context()
    {
        // Parts of contracts come with them; what is listed here has no JSON of its own.
        Type[] without =
        [
            typeof(ContractsJson), typeof(FieldError), typeof(UserRef), typeof(Rfc3339Converter), typeof(InvalidFieldException),
            typeof(DecodingStream), typeof(ContentCodingException), typeof(RecommendationId), typeof(AnswerKind), typeof(ServedItem),
            typeof(ServedAnswer),
        ];
        var missing = typeof(Interaction).Assembly.GetExportedTypes()
            .Where(t => !t.IsAbstract && !without.Contains(t) && !t.IsGenericType)
            .Where(t => ((IJsonTypeInfoResolver)ContractsJson.Default).GetTypeInfo(t, ContractsJson.Default.Options) is null);
        Assert.Empty(missing);
    }
}
