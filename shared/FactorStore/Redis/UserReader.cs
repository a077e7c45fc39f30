using System.Net;
using System.Threading.Channels;
using Recommender.Contracts;
using StackExchange.Redis;

namespace Recommender.FactorStore.Redis;

/// <summary>
/// Reads users' values from one Redis or from the nodes of a Redis Cluster, with GET only, over a few pipelined connections to each.
/// </summary>
/// <remarks>
/// Every recommendation makes this one call. The general client alone costs more processor time and garbage per read than the rest of the
/// answer: without this class <c>serve</c> falls from .419 and .441 of its floor to .296 and .366, and a request allocates 1,194 bytes
/// instead of 763 (StackExchange.Redis 3.4). Everything that is not such a read is left to the general client.
/// <para>
/// A read goes out at once when no other is on its way; else after the work that already waits for a thread, together with whatever that
/// work wants read, for sending costs more than all else here. Replies come in the order of the commands. A connection that fails, or
/// leaves its oldest read without a reply for the timeout, is closed and all its reads fail; it connects again automatically. It logs in as
/// the user of the connection string, and over TLS where that asks for it.
/// </para>
/// <para>
/// In a cluster a read goes to the node that holds the slot of its key. The general client supplies the map of the slots. A node that
/// answers MOVED or ASK does not hold the key: the general client repeats that read, and MOVED renews the map, as does a connection that
/// fails, and the map is renewed every second while a slot has no node. Such a slot, and a node without a connection, are left to the
/// general client.
/// </para>
/// </remarks>
internal sealed partial class UserReader : IAsyncDisposable
{
    /// <summary>Pause between two renewals of the map, because nodes learn of a change at different times.</summary>
    private static readonly TimeSpan s_renewalPause = TimeSpan.FromMilliseconds(100), s_failurePause = TimeSpan.FromSeconds(1);

    /// <summary>Environment variables from which the general client reads certificates.</summary>
    private static readonly string[] s_certificateVariables =
        ["SERedis_ClientCertPfxPath", "SERedis_ClientCertPath", "SERedis_IssuerCertPath"];

    private readonly ConfigurationOptions _options;
    private readonly TimeSpan _timeout;
    private readonly IGeneralReader _general;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Channel<bool> _renewals =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task _renewing;
    private volatile Routes _routes;

    private UserReader(ConfigurationOptions options, TimeSpan timeout, IGeneralReader general)
    {
        (_options, _timeout, _general) = (options, timeout, general);
        _routes = options.EndPoints is [var single] ? new Routes(new Node(this, single)) : Routes.None;
        // Several endpoints may be a cluster, or a server with replicas. A single endpoint is a node of a cluster if it answers MOVED.
        if (options.EndPoints.Count > 1) RequestRenewal();
        _renewing = Task.Run(RenewAsync);
    }

    /// <summary>Null for unsupported configurations, which the general client reads: proxies, Sentinel, client certificates.</summary>
    public static UserReader? TryCreate(ConfigurationOptions options, TimeSpan timeout, IGeneralReader general)
    {
        options = options.Clone();
        options.SetDefaultPorts();
        bool areServers = options.EndPoints.All(endPoint => endPoint is IPEndPoint or DnsEndPoint) && options.EndPoints.Count > 0
            && string.IsNullOrEmpty(options.ServiceName);
        bool isDirect = options.Proxy == Proxy.None && options.Tunnel is null;
        bool hasCertificates = options.Ssl && s_certificateVariables.Any(name =>
            Environment.GetEnvironmentVariable(name) is { Length: > 0 });
        return areServers && isDirect && !hasCertificates ? new UserReader(options, timeout, general) : null;
    }

    /// <summary>
    /// Starts a read. It fails with a <see cref="FactorStoreUnavailableException"/> if Redis is unreachable, too slow, or refuses.
    /// </summary>
    /// <param name="keyPrefix">Key prefix of users or sessions.</param>
    /// <returns>False if the selected connection is down; the general client may still have one.</returns>
    public bool TryRead(ReadOnlySpan<char> keyPrefix, UserRef user, out ValueTask<PooledValue> value)
    {
        value = default;
        return _routes.NodeOf(keyPrefix, user.Id) is { } node && node.TryRead(keyPrefix, user, out value);
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        foreach (var node in _routes.Nodes) await node.DisposeAsync(isGone: false).ConfigureAwait(false);
        _disposed.Dispose();
    }

    private void RequestRenewal() => _renewals.Writer.TryWrite(true);

    /// <summary>Repeats a read that a node of a cluster refused.</summary>
    private ValueTask<PooledValue> ReadElsewhereAsync(UserRef user, bool isMoved)
    {
        if (isMoved) RequestRenewal();
        return _general.ReadAsync(user);
    }

    private async Task RenewAsync()
    {
        try
        {
            while (await _renewals.Reader.WaitToReadAsync(_disposed.Token).ConfigureAwait(false))
            {
                _renewals.Reader.TryRead(out _);
                var pause = s_renewalPause;
                try
                {
                    if (await _general.ReadSlotsAsync(_disposed.Token).ConfigureAwait(false) is { } slots)
                    {
                        await RenewRoutesAsync(slots).ConfigureAwait(false);
                        if (_routes.HasGaps)
                        {
                            // Another node is about to take these slots over. No connection to it stands that could tell when it has.
                            RequestRenewal();
                            pause = s_failurePause;
                        }
                    }
                }
                catch (FactorStoreUnavailableException)
                {
                    // Reads use the current map, or the general client, which reports the outage. The next round tries again.
                    RequestRenewal();
                    pause = s_failurePause;
                }

                await Task.Delay(pause, _disposed.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
        {
            // The store is closed.
        }
    }

    private async Task RenewRoutesAsync(IReadOnlyList<SlotRange> ranges)
    {
        var former = _routes.Nodes.ToDictionary(node => node.EndPoint);
        var current = new Dictionary<EndPoint, Node>();
        var slots = new Node?[KeySlot.Count];
        foreach (var (from, to, master) in ranges)
        {
            if (!current.TryGetValue(master, out var node))
                current[master] = node = former.Remove(master, out var kept) ? kept : new Node(this, master);
            Array.Fill(slots, node, from, to - from + 1);
        }

        _routes = new Routes(slots);
        foreach (var gone in former.Values) await gone.DisposeAsync(isGone: true).ConfigureAwait(false);
    }

    /// <summary>The general client: for unsupported reads and for the slots of the cluster.</summary>
    internal interface IGeneralReader
    {
        ValueTask<PooledValue> ReadAsync(UserRef user);

        /// <summary>The current slots, from a node of the cluster; null if the server is not a node of one.</summary>
        /// <exception cref="FactorStoreUnavailableException">No node answers.</exception>
        Task<IReadOnlyList<SlotRange>?> ReadSlotsAsync(CancellationToken cancellationToken);
    }

    /// <summary>A range of slots of one master, both ends inclusive.</summary>
    internal readonly record struct SlotRange(int From, int To, EndPoint Master);
}
