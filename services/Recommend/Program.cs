using Recommender.Recommend;
using Recommender.ServiceDefaults;

return await ServiceProgram.RunAsync(
    args, Console.Error, "recommend", RecommendService.AddRecommend, RecommendService.MapRecommend, isSlim: true);
