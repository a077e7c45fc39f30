using Recommender.Messaging;
using Recommender.Recommend;
using Recommender.ServiceDefaults;

var builder = WebApplication.CreateSlimBuilder(args);
builder.AddServiceDefaults("recommend");
builder.AddMessaging();
builder.AddRecommend();
var app = builder.Build();
app.UseServiceDefaults();
app.MapRecommend();
app.Run();
