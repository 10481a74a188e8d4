using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Transfer;

/// <summary>
/// One silo's end of the data plane: what carries tensors and tokens, which never travel in grain calls. Receivers are registered under a
/// worker's device name; senders name the peer's <see cref="Address"/> and that device.
/// </summary>
/// <remarks>
/// Opening a channel and sending on it never waits for the network: engine threads do both. A peer that turns out to be unreachable later fails
/// what is sent to it, and closes the channel.
/// </remarks>
public interface IDataPlane
{
    /// <summary>Where peers reach this silo.</summary>
    string Address { get; }

    /// <summary>Accepts KV for a decode worker until the registration is disposed.</summary>
    /// <exception cref="InvalidOperationException">The device has a receiver already.</exception>
    IKvRegistration RegisterKv(string device, IKvReceiver receiver);

    /// <summary>Accepts rows for an expert shard until the registration is disposed.</summary>
    /// <exception cref="InvalidOperationException">The device has a receiver already.</exception>
    IDisposable RegisterExperts(string device, IExpertReceiver receiver);

    /// <summary>Accepts token frames for this silo's gateway until the registration is disposed.</summary>
    /// <exception cref="InvalidOperationException">There is a receiver already.</exception>
    IDisposable RegisterTokens(ITokenReceiver receiver);

    /// <summary>
    /// A worker has named a channel over which tokens are to come here. If it does not open in time the receiver is told that it is lost, as it would not be of a
    /// channel that nobody has heard of.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="worker">Key of the worker.</param>
    void ExpectTokens(TokenChannelId channel, string worker);

    /// <summary>Opens a push of one prompt's KV.</summary>
    /// <exception cref="PeerUnreachableException">The peer or its device cannot be reached.</exception>
    IKvPush OpenKvPush(string address, string device, Guid ticket);

    /// <summary>Opens a channel for rows to an expert shard.</summary>
    /// <exception cref="PeerUnreachableException">The peer or its device cannot be reached.</exception>
    IExpertChannel OpenExperts(string address, string device);

    /// <summary>Opens a channel for token frames to a gateway.</summary>
    /// <param name="address">The gateway's data plane.</param>
    /// <param name="worker">Key of the worker that will send; the gateway learns under this name that the channel broke.</param>
    /// <exception cref="PeerUnreachableException">The peer cannot be reached.</exception>
    ITokenChannel OpenTokens(string address, string worker);
}
