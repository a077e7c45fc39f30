namespace Recommender.Ingest;

/// <summary>Composition of the Ingest service: used by its own process and by Standalone.</summary>
public static class IngestService
{
    public static WebApplicationBuilder AddIngest(this WebApplicationBuilder builder) => builder;

    public static WebApplication MapIngest(this WebApplication app) => app;
}
