using Recommender.Factorization.Learners;
using Recommender.Trainer.Learning;

namespace Recommender.Trainer.Tests.Learning;

public class TrainingStateTests
{
    [Fact]
    public void Every_stage_has_the_text_that_the_status_shows()
    {
        Assert.Equal("idle", TrainingState.Idle.ToString());
        Assert.Equal("reading events", TrainingState.ReadingEvents.ToString());
        Assert.Equal("judging", TrainingState.Epochs(TrainingStage.Judging).ToString());
        Assert.Equal("training, epoch 2 of 8", TrainingState.Epochs(TrainingStage.Training, new TrainProgress(2, 8)).ToString());
        Assert.Equal("saving", TrainingState.Saving.ToString());
        Assert.Equal("tuning, trial 7, best NDCG@20 0.1230", TrainingState.Tuning(7, .123).ToString());
        Assert.Equal("failed: no space", TrainingState.Failed("no space").ToString());
    }

    [Fact]
    public void The_share_done_is_known_where_it_is_known_how_much_there_is()
    {
        Assert.Equal(.25, TrainingState.Epochs(TrainingStage.Training, new TrainProgress(2, 8)).Share);
        Assert.Null(TrainingState.Epochs(TrainingStage.Training).Share);
        Assert.Null(TrainingState.Tuning(7, .1).Share);
        Assert.Null(TrainingState.Idle.Share);
    }
}
