using Recommender.ServiceDefaults;
using Recommender.Trainer;

return await ServiceProgram.RunAsync(args, Console.Error, "trainer", TrainerService.AddTrainer, TrainerService.MapTrainer);
