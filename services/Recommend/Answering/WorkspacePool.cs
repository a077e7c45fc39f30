using Microsoft.Extensions.ObjectPool;

namespace Recommender.Recommend.Answering;

/// <summary>Owns the workspaces: as many are kept as can be at work at once. Thread-safe.</summary>
internal sealed class WorkspacePool
{
    private readonly DefaultObjectPool<Workspace> _pool;

    public WorkspacePool() => _pool = new DefaultObjectPool<Workspace>(new Policy(this), 2 * Environment.ProcessorCount);

    /// <summary>An empty workspace; dispose it to give it back.</summary>
    public Workspace Rent() => _pool.Get();

    internal void Return(Workspace workspace) => _pool.Return(workspace);

    private sealed class Policy(WorkspacePool owner) : PooledObjectPolicy<Workspace>
    {
        public override Workspace Create() => new(owner);

        public override bool Return(Workspace obj)
        {
            obj.Clear();
            return true;
        }
    }
}
