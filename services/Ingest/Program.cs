using Recommender.Ingest;
using Recommender.ServiceDefaults;

return await ServiceProgram.RunAsync(args, Console.Error, "ingest", IngestService.AddIngest, IngestService.MapIngest);
