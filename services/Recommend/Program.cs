using Recommender.Messaging;
using Recommender.Recommend;
using Recommender.ServiceDefaults;

var builder = WebApplication.CreateSlimBuilder(args);
// The slim builder leaves it out; an https address needs it.
builder.WebHost.UseKestrelHttpsConfiguration();
builder.AddServiceDefaults("recommend");
builder.AddMessaging();
builder.AddRecommend();

// No request here waits on anything but the network: going on where its bytes arrived spares it two changes of thread.
builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
var app = builder.Build();
app.UseServiceDefaults();
app.MapRecommend();
app.Run();
