using System.Collections.Concurrent;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Transfer.InProcess;

/// <summary>A silo's data plane within one process; see <see cref="InProcessNetwork"/>.</summary>
public sealed class InProcessDataPlane : IDataPlane
{
    private readonly InProcessNetwork _network;
    private readonly ConcurrentDictionary<string, IKvReceiver> _kv = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IExpertReceiver> _experts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<InProcessKvPush, bool> _incomingPushes = new();
    private readonly ConcurrentDictionary<InProcessTokenChannel, bool> _incomingTokens = new();
    private ITokenReceiver? _tokens;
    private volatile bool _closed;

    internal InProcessDataPlane(InProcessNetwork network, string address)
    {
        _network = network;
        Address = address;
    }

    /// <inheritdoc/>
    public string Address { get; }

    internal bool IsClosed => _closed;

    /// <inheritdoc/>
    public IKvRegistration RegisterKv(string device, IKvReceiver receiver) => new KvRegistration(this, receiver, Register(_kv, device, receiver));

    /// <inheritdoc/>
    public IDisposable RegisterExperts(string device, IExpertReceiver receiver) => Register(_experts, device, receiver);

    /// <inheritdoc/>
    public IDisposable RegisterTokens(ITokenReceiver receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        return Interlocked.CompareExchange(ref _tokens, receiver, null) is null
            ? new Registration(() => Interlocked.CompareExchange(ref _tokens, null, receiver))
            : throw new InvalidOperationException($"{Address} has a token receiver already.");
    }

    /// <inheritdoc/>
    /// <remarks>A channel is open, and its end told, from the moment that it has a name.</remarks>
    public void ExpectTokens(TokenChannelId channel, string worker)
    {
    }

    /// <inheritdoc/>
    public IKvPush OpenKvPush(string address, string device, Guid ticket)
    {
        InProcessDataPlane peer = Reach(address);
        IKvReceiver receiver = Find(peer._kv, peer, device);
        InProcessKvPush push = new(this, peer, receiver, ticket);
        peer._incomingPushes[push] = true;
        if (_closed)
        {
            // Cut off meanwhile: whoever went through the open ones may have missed it.
            push.Break();
        }

        return push;
    }

    /// <inheritdoc/>
    public IExpertChannel OpenExperts(string address, string device)
    {
        InProcessDataPlane peer = Reach(address);
        return new InProcessExpertChannel(peer, Find(peer._experts, peer, device));
    }

    /// <inheritdoc/>
    public ITokenChannel OpenTokens(string address, string worker)
    {
        InProcessDataPlane peer = Reach(address);
        ITokenReceiver receiver = peer._tokens ?? throw new PeerUnreachableException(address, "it has no gateway");
        InProcessTokenChannel channel = new(this, peer, receiver, worker);
        peer._incomingTokens[channel] = true;
        if (_closed)
        {
            channel.Break();
        }

        return channel;
    }

    internal IKvReceiver? FindKv(string device) => _kv.GetValueOrDefault(device);

    internal IExpertReceiver? FindExperts(string device) => _experts.GetValueOrDefault(device);

    internal bool HasTokens(TokenChannelId channel) => _incomingTokens.Keys.Any(open => open.Id == channel);

    internal ITokenReceiver? FindTokens() => Volatile.Read(ref _tokens);

    /// <summary>Leaves the network as if cut off.</summary>
    internal void Break() => _network.Disconnect(Address);

    internal void Forget(InProcessKvPush push) => _incomingPushes.TryRemove(push, out _);

    internal void Forget(InProcessTokenChannel channel) => _incomingTokens.TryRemove(channel, out _);

    internal void Close() => _closed = true;

    internal void PeerLost(string address)
    {
        foreach (InProcessKvPush push in _incomingPushes.Keys)
        {
            if (push.SenderAddress == address)
            {
                push.Break();
            }
        }

        foreach (InProcessTokenChannel channel in _incomingTokens.Keys)
        {
            if (channel.SenderAddress == address)
            {
                channel.Break();
            }
        }
    }

    private static T Find<T>(ConcurrentDictionary<string, T> receivers, InProcessDataPlane peer, string device) =>
        receivers.TryGetValue(device, out T? receiver)
            ? receiver
            : throw new PeerUnreachableException(peer.Address, $"it has no device '{device}' of that kind");

    private InProcessDataPlane Reach(string address) =>
        _closed ? throw new PeerUnreachableException(address, $"{Address} has left the network") : _network.Find(address);

    private static Registration Register<T>(ConcurrentDictionary<string, T> receivers, string device, T receiver)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(receiver);
        return receivers.TryAdd(device, receiver)
            ? new Registration(() => receivers.TryRemove(new KeyValuePair<string, T>(device, receiver)))
            : throw new InvalidOperationException($"Device '{device}' has a receiver already.");
    }

    private sealed class KvRegistration(InProcessDataPlane plane, IKvReceiver receiver, IDisposable registration) : IKvRegistration
    {
        public void Abort(Guid ticket, string reason)
        {
            foreach (InProcessKvPush push in plane._incomingPushes.Keys)
            {
                if (push.Ticket == ticket && push.Receiver == receiver)
                {
                    push.Refuse(reason);
                }
            }
        }

        public void Dispose() => registration.Dispose();
    }

    private sealed class Registration(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }
}
