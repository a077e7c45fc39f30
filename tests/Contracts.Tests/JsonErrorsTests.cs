using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Xunit;

namespace Recommender.Contracts.Tests;

public sealed partial class JsonErrorsTests
{
    [Theory]
    [InlineData("""{"count":"5"}""", "count", "is not a whole number")]
    [InlineData("""{"count":2.5}""", "count", "is not a whole number from -2147483648 to 2147483647")]
    [InlineData("""{"count":99999999999}""", "count", "is not a whole number from -2147483648 to 2147483647")]
    [InlineData("""{"count":{}}""", "count", "is not a whole number")]
    [InlineData("""{"pins":[{"position":null}]}""", "pins[0].position", "is not a whole number")]
    [InlineData("""{"diversity":true}""", "diversity", "is not a number")]
    [InlineData("""{"boosts":[{"factor":"2"}]}""", "boosts[0].factor", "is not a number")]
    [InlineData("""{"userId":5}""", "userId", "is not a text")]
    [InlineData("""{"exclude":[1]}""", "exclude[0]", "is not a text")]
    [InlineData("""{"explain":1}""", "explain", "is neither true nor false")]
    [InlineData("""{"exclude":"a"}""", "exclude", "is not an array")]
    [InlineData("""{"history":{}}""", "history", "is not an array")]
    [InlineData("""{"history":[5]}""", "history[0]", "is not an object")]
    [InlineData("""{"filter":[]}""", "filter", "is not an object")]
    [InlineData("""{"boosts":[{"filter":5}]}""", "boosts[0].filter", "is not an object")]
    [InlineData("""{"filter":{"must":[{"key":"a","eq":1}]}}""", "filter.must[0].eq",
        "is not a field here; the fields are key, any, all, gt, gte, lt, lte, exists")]
    [InlineData("""{"a b":1}""", "['a b']", "is not a field here; the fields are userId, ")]
    [InlineData("""{"userId":"a","userId":"b"}""", "userId", "occurs twice")]
    [InlineData("""{"userId":"\ud800"}""", "userId", "is not valid Unicode")]
    [InlineData("""{"\ud800":1}""", "", "is not valid Unicode")]
    [InlineData("[]", "", "is not an object")]
    [InlineData("5", "", "is not an object")]
    [InlineData("nonsense", "", "is not valid JSON at line 1, byte 1")]
    [InlineData("", "", "is not valid JSON at line 1, byte 0")]
    [InlineData("""{"userId":"a",}""", "", "is not valid JSON at line 1, byte 14")]
    [InlineData("""{"filter":{"must":[{"key":"a","any":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}]}}""", "filter.must[0].any",
        "is nested deeper than 16 levels")]
    public void Field_and_reason_are_in_terms_of_JSON(string json, string field, string error)
    {
        var described = Describe(json, ContractsJson.Default.RecommendationRequest);
        Assert.StartsWith(field, described.Field);
        Assert.StartsWith(error, described.Error);
    }

    [Theory]
    [InlineData("""{"context":{"a":1,"a":2}}""", "context", "has 'a' twice")]
    [InlineData("""{"value":"x"}""", "value", "is not a number")]
    [InlineData("""{"itemId":7}""", "itemId", "is not a text")]
    public void The_same_holds_for_events(string json, string field, string error) =>
    Assert.Equal(new FieldError(field, error), Describe(json, ContractsJson.Default.Interaction));

    [Theory]
    [InlineData("""{"properties":{"a":1,"a":2}}""", "properties.a", "occurs twice")]
    [InlineData("""{"properties":[]}""", "properties", "is not an object")]
    [InlineData("""{"vector":["a"]}""", "vector[0]", "is not a number")]
    [InlineData("""{"vector":"a"}""", "vector", "is not an array")]
    [InlineData("""{"available":null}""", "available", "is neither true nor false")]
    public void The_same_holds_for_items(string json, string field, string error) =>
    Assert.Equal(new FieldError(field, error), Describe(json, ContractsJson.Default.Item));

    [Fact]
    public void The_same_holds_for_commands()
    {
        Assert.Equal(new FieldError("kind", "is not one of PutItem, PatchItem, DeleteItem, PutUser, MergeSession, EraseUser"),
            Describe("""{"kind":"Foo"}""", ContractsJson.Default.Command));
        Assert.Equal(new FieldError("", "lacks 'kind'"), Describe("{}", ContractsJson.Default.Command));
    }

    /// <summary>Every field of every contract a client sends, with every kind of wrong value.</summary>
    [Fact]
    public void No_error_holds_a_NET_type_or_states_the_field_twice()
    {
        JsonTypeInfo[] bodies =
        [
            ContractsJson.Default.RecommendationRequest, ContractsJson.Default.RankRequest, ContractsJson.Default.BatchRequest,
                ContractsJson.Default.Interaction,
            ContractsJson.Default.Item, ContractsJson.Default.UserProfile, ContractsJson.Default.MergeRequest,
            ContractsJson.Default.Filter, ContractsJson.Default.Condition, ContractsJson.Default.Boost, ContractsJson.Default.Pin,
                ContractsJson.Default.HistoryEvent,
        ];
        int errors = 0;
        foreach (var body in bodies)
        {
            foreach (var property in body.Properties)
            {
                foreach (string value in (string[])["5", "2.5", "1e400", "99999999999999999999", "true", "\"text\"", "\"\\ud800\"", "[]",
                    "[5]", "[{}]", "[\"a\",[]]", "{}", "{\"a\":[]}", "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"])
                {
                    try
                    {
                        JsonSerializer.Deserialize($"{{\"{property.Name}\":{value}}}", body);
                    }
                    catch (JsonException e)
                    {
                        errors++;
                        var (field, error) = JsonErrors.Describe(e);
                        Assert.StartsWith(property.Name, field);
                        Assert.DoesNotMatch(Forbidden(), $"{field} {error}");
                        Assert.DoesNotContain(property.Name, error.Split("the fields are")[0]);
                        Assert.NotEqual("has the wrong type", error);
                    }
                }
            }
        }

        Assert.InRange(errors, 300, int.MaxValue);
    }

    [GeneratedRegex(@"\.NET|Recommender\.|System\.|Int32|Double|String|Nullable|IReadOnly|`|\b(?<word>\w+) \k<word>\b",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Forbidden();

    private static FieldError Describe(string json, JsonTypeInfo type)
    {
        var exception = Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize(json, type));
        return JsonErrors.Describe(exception);
    }
}
