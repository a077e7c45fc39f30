using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Routing;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.ServiceDefaults.Api;

/// <summary>
/// Describes the mapped operations to OpenAPI. Only the operation counts, not its handler: a service and the gateway that forwards to it
/// yield the same document.
/// </summary>
internal sealed class OperationDescriptions(EndpointDataSource endpoints) : IApiDescriptionProvider
{
    /// <summary>After the framework's own provider, whose results are replaced.</summary>
    public int Order => 1000;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        context.Results.Clear();
        var mapped = endpoints.Endpoints
            .Select(endpoint => endpoint.Metadata.GetMetadata<Operation>()).OfType<Operation>().ToHashSet();
        foreach (var operation in Operations.All.Where(mapped.Contains)) context.Results.Add(Describe(operation));
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
    }

    private static ApiDescription Describe(Operation operation)
    {
        var description = new ApiDescription
        {
            HttpMethod = operation.Method,
            RelativePath = operation.Path.TrimStart('/'),
            ActionDescriptor = new ActionDescriptor
            {
                DisplayName = operation.Id,
                EndpointMetadata = [operation, new EndpointNameMetadata(operation.Id), new TagsAttribute(operation.Tag)],
            },
        };
        if (operation.Body is { } body)
        {
            description.ParameterDescriptions.Add(new ApiParameterDescription
            {
                Name = "body",
                Source = BindingSource.Body,
                Type = body.IsMany ? body.Element.MakeArrayType() : body.Element,
                IsRequired = true,
            });
            foreach (string contentType in body.ContentTypes)
                description.SupportedRequestFormats.Add(new ApiRequestFormat { MediaType = contentType });
        }

        foreach (var answer in operation.Answers)
            description.SupportedResponseTypes.Add(Answer(answer.Status, answer.Type, answer.ContentType));
        foreach (int status in ApiProblems.StatusesOf(operation))
            description.SupportedResponseTypes.Add(Answer(status, typeof(Problem), Problem.ContentType));
        var other = Answer(0, typeof(Problem), Problem.ContentType);
        other.IsDefaultResponse = true;
        description.SupportedResponseTypes.Add(other);
        return description;
    }

    private static ApiResponseType Answer(int status, Type? type, string contentType) => new()
    {
        StatusCode = status,
        Type = type ?? typeof(void),
        ApiResponseFormats = type is null ? [] : [new ApiResponseFormat { MediaType = contentType }],
    };
}
