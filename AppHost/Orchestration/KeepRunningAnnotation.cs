namespace Recommender.AppHost.Orchestration;

/// <summary>On a resource that is started again when it ends without having been stopped.</summary>
internal sealed class KeepRunningAnnotation : IResourceAnnotation
{
    /// <summary>Whether the operator stopped it: then it stays down until the operator starts it.</summary>
    public bool IsStoppedByOperator { get; set; }

    /// <summary>Whether <see cref="ResourceKeeper"/> watches its commands.</summary>
    public bool IsWatched { get; set; }
}
