using Recommender.ServiceDefaults;
using Recommender.WebConsole;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults("console");
var app = builder.Build();
app.UseServiceDefaults();
app.MapConsolePage();
app.MapGateway();
await app.RunAsync();
