using System.Reflection;
using System.Text.Json;
using NetArchTest.Rules;
using Recommender.TestKit;

namespace Recommender.Architecture.Tests;

/// <summary>Which part may use which: services use shared libraries, libraries with I/O use pure ones, never the other way.</summary>
public sealed class ArrowTests
{
    private static readonly string[] s_pure =
        ["Recommender.Contracts", "Recommender.Experiments", "Recommender.Factorization", "Recommender.Retrieval"];

    private static readonly string[] s_inputOutput =
    [
        "Microsoft.AspNetCore", "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging", "Dapper", "Npgsql", "Microsoft.Data.Sqlite",
        "StackExchange.Redis", "RabbitMQ", "MassTransit", "System.Net.Http", "System.Net.Sockets",
        "Recommender.Storage", "Recommender.Messaging", "Recommender.FactorStore", "Recommender.ServiceDefaults",
    ];

    private static readonly string[] s_services =
        ["Recommender.Ingest", "Recommender.Trainer", "Recommender.Recommend", "Recommender.WebConsole", "Recommender.Standalone",
            "Recommender.Cli",
            "Recommender.AppHost"];

    public static TheoryData<string> Pure => [.. s_pure];

    public static TheoryData<string> Shared =>
    [
        .. s_pure, "Recommender.Storage", "Recommender.Sqlite", "Recommender.Messaging", "Recommender.Messaging.Embedded",
        "Recommender.FactorStore", "Recommender.Encoding", "Recommender.ServiceDefaults",
        "Recommender.Client", "Recommender.Demo", "Recommender.CommandLines",
    ];

    [Theory, MemberData(nameof(Pure))]
    public void A_pure_library_does_no_input_or_output(string library) => NoneUses(library, s_inputOutput);

    [Theory, MemberData(nameof(Shared))]
    public void No_shared_library_uses_a_service(string library) => NoneUses(library, s_services);

    [Theory]
    [InlineData("Recommender.Ingest", "Recommender.Trainer", "Recommender.Recommend", "Recommender.WebConsole")]
    [InlineData("Recommender.Trainer", "Recommender.Ingest", "Recommender.Recommend", "Recommender.WebConsole")]
    [InlineData("Recommender.Recommend", "Recommender.Trainer", "Recommender.Ingest", "Recommender.WebConsole")]
    [InlineData("Recommender.Console", "Recommender.Trainer", "Recommender.Ingest", "Recommender.Recommend")]
    public void A_service_uses_no_other_service(string service, params string[] others) => NoneUses(service, others);

    /// <summary>Folders of Recommend from the lowest to the highest: none uses one above it.</summary>
    [Theory]
    [InlineData("Filters", "Requests", "Serving", "Candidates", "Answering", "Endpoints")]
    [InlineData("Requests", "Serving", "Candidates", "Answering", "Endpoints")]
    [InlineData("Serving", "Requests", "Candidates", "Answering", "Endpoints")]
    [InlineData("Candidates", "Answering", "Endpoints")]
    [InlineData("Answering", "Endpoints")]
    public void No_folder_of_Recommend_uses_one_above_it(string folder, params string[] above)
    {
        const string root = "Recommender.Recommend.";
        var users = Types.InAssembly(Assembly.Load("Recommender.Recommend")).That().ResideInNamespace(root + folder)
            .And().HaveDependencyOnAny([.. above.Select(name => root + name)]).GetTypes();
        Assert.Empty(users.Select(type => type.FullName));
    }

    /// <summary>Serving and answering are usable without HTTP.</summary>
    [Theory]
    [InlineData("Serving")]
    [InlineData("Candidates")]
    [InlineData("Answering")]
    public void The_core_of_Recommend_throws_no_problem_of_HTTP(string folder)
    {
        var users = Types.InAssembly(Assembly.Load("Recommender.Recommend")).That().ResideInNamespace("Recommender.Recommend." + folder)
            .And().HaveDependencyOn("Recommender.ServiceDefaults.Requests.ProblemException").GetTypes();
        Assert.Empty(users.Select(type => type.FullName));
    }

    [Fact]
    public void Recommend_ships_no_package_of_a_database()
    {
        string dependencies = Path.ChangeExtension(ServiceProcess.FindDll("Recommend"), ".deps.json");
        using var json = JsonDocument.Parse(File.ReadAllBytes(dependencies));
        var packages = json.RootElement.GetProperty("libraries").EnumerateObject().Select(library => library.Name.Split('/')[0]).ToList();
        Assert.Contains("StackExchange.Redis", packages);
        Assert.DoesNotContain(packages, name => name is "Npgsql" or "Dapper"
            || name.Contains("Sqlite", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Proves that a forbidden use is seen at all.</summary>
    [Fact]
    public void A_use_is_seen() =>
        Assert.NotEmpty(Users("Recommender.Trainer", ["Recommender.Storage"]));

    private static void NoneUses(string assembly, string[] forbidden)
    {
        var users = Users(assembly, forbidden);
        Assert.True(users.Count == 0, $"{assembly} must not use {string.Join(", ", forbidden)}; it does in {string.Join(", ", users)}.");
    }

    private static List<string> Users(string assembly, string[] forbidden) =>
        [.. Types.InAssembly(Assembly.Load(assembly)).That().HaveDependencyOnAny(forbidden).GetTypes().Select(type => type.FullName!)];
}
