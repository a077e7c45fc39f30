using Recommender.CarelessTrainer;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults;
using Recommender.Trainer;

// A Trainer with a defect put in on purpose: it acknowledges messages before their effect is durable. A test of loss that passes with this
// one proves nothing.
var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults("trainer");
builder.AddTrainer();
var careful = builder.Services.Last(service => service.ServiceType == typeof(IStreamConsumer)).ImplementationType!;
builder.Services.AddSingleton<IStreamConsumer>(services =>
    new CarelessConsumer((IStreamConsumer)ActivatorUtilities.CreateInstance(services, careful)));
var app = builder.Build();
app.UseServiceDefaults();
app.MapTrainer();
await app.RunAsync();
