using Recommender.Ingest;
using Recommender.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults("ingest");
builder.AddIngest();
var app = builder.Build();
app.UseServiceDefaults();
app.MapIngest();
await app.RunAsync();
