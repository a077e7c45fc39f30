using Recommender.ServiceDefaults;
using Recommender.Trainer;
using Recommender.Trainer.Endpoints;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults("trainer");
builder.AddTrainer();
var app = builder.Build();
app.UseServiceDefaults();
app.MapTrainer();
await app.RunAsync();
