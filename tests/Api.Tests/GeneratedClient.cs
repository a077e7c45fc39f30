using System.Collections;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Newtonsoft.Json;
using NSwag;
using NSwag.CodeGeneration.CSharp;
using NSwag.CodeGeneration.OperationNameGenerators;
using Xunit;

namespace Recommender.Api.Tests;

/// <summary>A client that a public generator (NSwag) makes of the document, compiled in memory.</summary>
internal sealed class GeneratedClient
{
    private const string Namespace = "Generated";
    private readonly Assembly _assembly;
    private readonly object _client;

    private GeneratedClient(Assembly assembly, HttpClient http)
    {
        _assembly = assembly;
        _client = Activator.CreateInstance(TypeOf("Client"), http)!;
    }

    /// <summary>Names of the methods, without their suffix.</summary>
    public IEnumerable<string> Operations => Methods.Select(method => method.Name[..^"Async".Length]).Distinct();

    private IEnumerable<MethodInfo> Methods =>
        _client.GetType().GetMethods().Where(method =>
            method.DeclaringType == _client.GetType() && method.ReturnType.IsAssignableTo(typeof(Task)));

    public static async Task<GeneratedClient> CreateAsync(string document, HttpClient http)
    {
        var settings = new CSharpClientGeneratorSettings
        {
            ClassName = "Client",
            // Methods are named after operationId alone; an operation without one gets a name that no test knows.
            OperationNameGenerator = new SingleClientFromOperationIdOperationNameGenerator(),
            GenerateBaseUrlProperty = false,
            CSharpGeneratorSettings = { Namespace = Namespace },
        };
        string code = new CSharpClientGenerator(await OpenApiDocument.FromJsonAsync(document), settings).GenerateFile();
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Append(typeof(JsonConvert).Assembly.Location).Distinct().Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create("Recommender.GeneratedClient",
            [CSharpSyntaxTree.ParseText(code, cancellationToken: TestContext.Current.CancellationToken)], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var image = new MemoryStream();
        var result = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.Success,
            string.Join('\n', result.Diagnostics.Where(diagnostic => diagnostic.Severity is DiagnosticSeverity.Error)));
        image.Position = 0;
        return new GeneratedClient(AssemblyLoadContext.Default.LoadFromStream(image), http);
    }

    /// <summary>Calls the operation with named arguments. The body is JSON; other arguments are left out.</summary>
    /// <returns>The answer, all of whose members are described.</returns>
    public async Task<dynamic> CallAsync(string operation, IReadOnlyDictionary<string, object?> arguments)
    {
        var method = Methods.Single(method => method.Name == operation + "Async"
            && method.GetParameters() is [.., { ParameterType: var last }] && last == typeof(CancellationToken));
        var parameters = method.GetParameters();
        Assert.Empty(arguments.Keys.Except(parameters.Select(parameter => parameter.Name!)));
        object?[] values = [.. parameters.Select(parameter => parameter switch
        {
            { ParameterType: var type } when type == typeof(CancellationToken) => TestContext.Current.CancellationToken,
            { Name: "body" } => Read((string)arguments["body"]!, parameter.ParameterType),
            _ => arguments.GetValueOrDefault(parameter.Name!),
        })];
        var task = (Task)method.Invoke(_client, values)!;
        await task;
        object answer = ((dynamic)task).Result;
        AssertDescribed(answer, operation);
        return answer;
    }

    /// <summary>JSON as a generated type, as the client itself reads it.</summary>
    public object Read(string json, string type)
    {
        object value = Read(json, TypeOf(type));
        AssertDescribed(value, type);
        return value;
    }

    private static object Read(string json, Type type)
    {
        // Interfaces of collections are not for the serializer to create.
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>))
            type = typeof(List<>).MakeGenericType(type.GetGenericArguments());
        object value = JsonConvert.DeserializeObject(json, type)!;
        AssertDescribed(value, type.Name);
        return value;
    }

    private Type TypeOf(string name) => _assembly.GetType($"{Namespace}.{name}", throwOnError: true)!;

    /// <summary>A member that the schema does not have ends up among the additional ones.</summary>
    private static void AssertDescribed(object? value, string path)
    {
        if (value is null or string) return;
        if (value is IEnumerable elements)
        {
            foreach (object? element in elements) AssertDescribed(element, path + "[]");
            return;
        }

        var type = value.GetType();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>))
        {
            AssertDescribed(type.GetProperty("Value")!.GetValue(value), path + ".*");
            return;
        }

        if (type.Namespace != Namespace || type.Name is "FileResponse" || type.IsEnum) return;
        foreach (var property in type.GetProperties())
        {
            object? member = property.GetValue(value);
            if (property.Name == "AdditionalProperties")
                Assert.True(member is IDictionary<string, object> { Count: 0 }, $"{path} has members that are not described: "
                    + $"{string.Join(", ", ((IDictionary<string, object>)member!).Keys)}");
            else AssertDescribed(member, $"{path}.{property.Name}");
        }
    }
}
