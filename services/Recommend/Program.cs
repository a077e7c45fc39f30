using Recommender.Messaging;
using Recommender.Recommend;
using Recommender.ServiceDefaults;

var builder = WebApplication.CreateSlimBuilder(args);
// The slim builder leaves it out; an https address needs it.
builder.WebHost.UseKestrelHttpsConfiguration();
builder.AddServiceDefaults("recommend");
builder.AddMessaging();
builder.AddRecommend();
var app = builder.Build();
app.UseServiceDefaults();
app.MapRecommend();
app.Run();
