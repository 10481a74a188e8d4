using System.Net;
using System.Net.Sockets;

using OrleansServe.Kernels.Copying;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Transports;

namespace OrleansServe.Cli.Bench.Transfer;

/// <summary>What the data plane over TCP carries on loopback, in turns with what a bare socket does.</summary>
/// <param name="time">The clock.</param>
/// <param name="duration">Of one measurement.</param>
/// <param name="rounds">Measurements of each, after one that does not count.</param>
internal sealed class TransferBench(TimeProvider time, TimeSpan duration, int rounds)
{
    /// <summary>Measures one size of payload.</summary>
    public async Task<TransferPoint> MeasureAsync(int payloadBytes, CancellationToken cancellationToken)
    {
        TransferMemory source = new(payloadBytes);
        TransferMemory destination = new(payloadBytes);
        await RawAsync(source, destination, cancellationToken);
        await PushAsync(source, destination, payloadBytes, cancellationToken);
        List<double> raws = [await RawAsync(source, destination, cancellationToken)];
        List<double> pushes = [];
        List<double> shares = [];
        for (int round = 0; round < rounds; round++)
        {
            pushes.Add(await PushAsync(source, destination, payloadBytes, cancellationToken));
            raws.Add(await RawAsync(source, destination, cancellationToken));
            shares.Add(2 * pushes[^1] / (raws[^2] + raws[^1]));
        }

        return new TransferPoint(payloadBytes, Median(raws), Median(pushes), Median(shares), shares.Min(), shares.Max());
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private async Task<double> RawAsync(TransferMemory source, TransferMemory destination, CancellationToken cancellationToken)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using Socket sender = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        ValueTask<Socket> accepted = listener.AcceptSocketAsync(cancellationToken);
        await sender.ConnectAsync(listener.LocalEndpoint, cancellationToken);
        using Socket receiver = await accepted;
        Task<long> reading = Task.Run(
            async () =>
            {
                long all = 0;
                while (true)
                {
                    Memory<byte> left = destination.Next();
                    for (int read; left.Length > 0; left = left[read..], all += read)
                    {
                        read = await receiver.ReceiveAsync(left, SocketFlags.None, cancellationToken);
                        if (read == 0)
                        {
                            return all;
                        }
                    }
                }
            },
            cancellationToken);
        long start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < duration)
        {
            for (Memory<byte> left = source.Next(); left.Length > 0;)
            {
                left = left[await sender.SendAsync(left, SocketFlags.None, cancellationToken)..];
            }
        }

        sender.Shutdown(SocketShutdown.Send);
        long received = await reading;
        return received / time.GetElapsedTime(start).TotalSeconds;
    }

    private async Task<double> PushAsync(TransferMemory source, TransferMemory destination, int payloadBytes, CancellationToken cancellationToken)
    {
        await using WireDataPlane from = Open("a");
        await using WireDataPlane to = Open("b");
        using IKvRegistration registration = to.RegisterKv("decode-0", new Store(destination));
        await using IKvPush push = from.OpenKvPush(to.Address, "decode-0", Guid.NewGuid());

        // The connection is dialled with the first.
        await push.PushAsync(0, 0, source.Next(), cancellationToken);
        long sent = 0;
        long start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < duration)
        {
            await push.PushAsync(0, 0, source.Next(), cancellationToken);
            sent += payloadBytes;
        }

        await push.CommitAsync(cancellationToken);
        return sent / time.GetElapsedTime(start).TotalSeconds;
    }

    private WireDataPlane Open(string name) => new(
        new WireOptions { ClusterId = "bench", SiloName = name, Incarnation = 1, PingInterval = TimeSpan.FromSeconds(5) }, new SocketTransport(), time, new Silent());

    private sealed class Store(TransferMemory memory) : IKvReceiver
    {
        private Memory<byte> _arriving;

        public void OnPart(Guid ticket, KvPart part, ReadOnlySpan<byte> payload)
        {
            _arriving = part.Offset == 0 ? memory.Next() : _arriving;
            StreamingCopy.Execute(payload, _arriving.Span[part.Offset..]);
        }

        public void OnCommit(Guid ticket)
        {
        }

        public void OnAbort(Guid ticket, string reason)
        {
        }
    }

    private sealed class Silent : IWireObserver
    {
        public void OnConnected(string peer, bool dialled)
        {
        }

        public void OnDisconnected(string peer, string reason, bool orderly)
        {
        }

        public void OnRefused(string peer, string reason)
        {
        }

        public void OnReceiverFault(string what, Exception exception) => throw new InvalidOperationException(what, exception);
    }
}
