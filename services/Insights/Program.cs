using Recommender.Insights;
using Recommender.ServiceDefaults;

return await ServiceProgram.RunAsync(args, Console.Error, "insights", InsightsService.AddInsights, InsightsService.MapInsights);
