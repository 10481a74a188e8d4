using OrleansServe.Abstractions.Workers;
using OrleansServe.Transfer;

namespace OrleansServe.Grains.Workers.Channels;

/// <summary>A worker's token channels, one to each gateway that it serves. Belongs to the engine's thread.</summary>
internal sealed class GatewayStreams(IDataPlane dataPlane, WorkerId worker) : IDisposable
{
    private readonly Dictionary<string, GatewayStream> _streams = new(StringComparer.Ordinal);

    /// <summary>The stream to a gateway.</summary>
    /// <exception cref="PeerUnreachableException">The gateway cannot be reached.</exception>
    public GatewayStream Open(string address)
    {
        if (_streams.TryGetValue(address, out GatewayStream? stream))
        {
            if (stream.Channel.IsOpen)
            {
                return stream;
            }

            _streams.Remove(address);
            stream.Channel.Dispose();
        }

        return _streams[address] = new GatewayStream(dataPlane.OpenTokens(address, worker.Key));
    }

    /// <summary>Sends what has been filled in.</summary>
    /// <returns>False if a channel is broken.</returns>
    public bool Flush()
    {
        bool open = true;
        foreach (GatewayStream stream in _streams.Values)
        {
            if (stream.Frame.Count > 0)
            {
                stream.Channel.Send(stream.Frame);
                stream.Frame.Clear();
            }

            open &= stream.Channel.IsOpen;
        }

        return open;
    }

    /// <summary>Forgets the broken channels that no request uses any more.</summary>
    public void RemoveClosed()
    {
        foreach ((string address, GatewayStream stream) in _streams.ToArray())
        {
            if (!stream.Channel.IsOpen && stream.Requests == 0)
            {
                stream.Channel.Dispose();
                _streams.Remove(address);
            }
        }
    }

    /// <summary>Closes every channel.</summary>
    public void Dispose()
    {
        foreach (GatewayStream stream in _streams.Values)
        {
            stream.Channel.Dispose();
        }
    }
}
