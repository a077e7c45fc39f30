namespace Recommender.Storage.Tests.Fixtures;

/// <summary>A stream in memory whose first read or write takes a while.</summary>
internal sealed class SlowStream : MemoryStream
{
    public TimeSpan PauseBeforeFirst { get; set; }

    public override int Read(byte[] buffer, int offset, int count)
    {
        Pause();
        return base.Read(buffer, offset, count);
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        Pause();
        base.Write(buffer, offset, count);
    }

    private void Pause()
    {
        // The slowness is what is tested: nothing signals the end of it.
        Thread.Sleep(PauseBeforeFirst);
        PauseBeforeFirst = TimeSpan.Zero;
    }
}
