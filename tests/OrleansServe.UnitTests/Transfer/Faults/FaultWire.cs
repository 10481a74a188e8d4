using System.Net;
using System.Threading.Channels;
using OrleansServe.Transfer.Wire.Transports;

namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>Connections in memory that know where frames begin, so that what goes wrong goes wrong at a step of the protocol. Connections are late by different times.</summary>
/// <param name="time">The clock.</param>
/// <param name="random">Draws latencies.</param>
/// <param name="onStep">Told of each step; says what happens to its frame.</param>
internal sealed class FaultWire(FaultTime time, Random random, Func<FaultStep, string, IReadOnlyList<FaultEvent>> onStep) : IWireTransport
{
    private readonly Dictionary<int, Listener> _listeners = [];
    private int _nextPort = 1000;
    private int _dialled;

    public IWireListener Listen(IPAddress address, int port)
    {
        Listener listener = new(this, ++_nextPort);
        _listeners.Add(listener.Port, listener);
        return listener;
    }

    public ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_listeners.TryGetValue(port, out Listener? listener))
        {
            throw new ConnectionRefusedException(host, port);
        }

        string name = $"{++_dialled}:{port}";
        FaultPipe there = New($"{name}>");
        FaultPipe back = New($"{name}<");
        there.Other = back;
        back.Other = there;
        listener.Accepted.Writer.TryWrite(new FaultEnd(there, back));
        return new ValueTask<Stream>(new FaultEnd(back, there));
    }

    private FaultPipe New(string name) =>
        new(time, TimeSpan.FromMilliseconds(random.Next(2) == 0 ? random.Next(1, 40) : 0), random.Next(1, 4000), step => onStep(step, name));

    private sealed class Listener(FaultWire owner, int port) : IWireListener
    {
        public Channel<Stream> Accepted { get; } = Channel.CreateUnbounded<Stream>();

        public int Port { get; } = port;

        public async ValueTask<(Stream Stream, string Remote)> AcceptAsync(CancellationToken cancellationToken)
        {
            try
            {
                return (await Accepted.Reader.ReadAsync(cancellationToken), "127.0.0.1");
            }
            catch (ChannelClosedException)
            {
                throw new ObjectDisposedException(nameof(Listener));
            }
        }

        public void Dispose()
        {
            if (owner._listeners.Remove(Port))
            {
                Accepted.Writer.TryComplete();
                while (Accepted.Reader.TryRead(out Stream? unheard))
                {
                    unheard.Dispose();
                }
            }
        }
    }
}
