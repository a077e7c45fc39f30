using System.Net;
using Recommender.Contracts;

namespace Recommender.FactorStore.Redis;

internal sealed partial class UserReader
{
    /// <summary>Map of keys to nodes. Immutable.</summary>
    private sealed class Routes
    {
        public static readonly Routes None = new([]);

        private readonly Node? _only;
        private readonly Node?[] _slots;

        /// <param name="only">The node of all keys.</param>
        public Routes(Node only) => (_only, _slots, Nodes) = (only, [], [only]);

        /// <param name="slots">The node of each slot of a cluster. Empty: unknown.</param>
        public Routes(Node?[] slots) => (_slots, Nodes, HasGaps) =
            (slots, [.. slots.OfType<Node>().Distinct()], slots.Contains(null));

        public IReadOnlyList<Node> Nodes { get; }

        public bool IsCluster => _slots.Length > 0;

        /// <summary>A slot of the cluster has no node.</summary>
        public bool HasGaps { get; }

        public Node? NodeOf(ReadOnlySpan<char> keyPrefix, string id)
        {
            if (_only is not null) return _only;
            return _slots.Length == 0 ? null : _slots[KeySlot.Of(keyPrefix, id)];
        }
    }

    /// <summary>The connections to one server.</summary>
    private sealed class Node
    {
        /// <summary>With fewer connections, more reads are sent and received together.</summary>
        private const int ProcessorsPerLane = 4;

        private readonly Lane[] _lanes;
        private int _next;

        public Node(UserReader reader, EndPoint endPoint)
        {
            EndPoint = endPoint;
            _lanes = new Lane[Math.Clamp(Environment.ProcessorCount / ProcessorsPerLane, 1, 8)];
            for (int i = 0; i < _lanes.Length; i++) _lanes[i] = new Lane(reader, endPoint);
        }

        public EndPoint EndPoint { get; }

        public bool TryRead(ReadOnlySpan<char> keyPrefix, UserRef user, out ValueTask<PooledValue> value) =>
            _lanes[(uint)Interlocked.Increment(ref _next) % (uint)_lanes.Length].TryRead(keyPrefix, user, out value);

        /// <param name="isGone">Whether the node has left the cluster: pending reads then go to the general client; otherwise they
        /// fail.</param>
        public async ValueTask DisposeAsync(bool isGone)
        {
            foreach (var lane in _lanes) await lane.DisposeAsync(isGone).ConfigureAwait(false);
        }
    }
}
