using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Transports;

namespace OrleansServe.Benchmarks;

/// <summary>What the data plane over TCP carries on loopback, beside what a bare socket carries in the same run.</summary>
internal static class TransferBenchmark
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1.5);

    /// <summary>KV bandwidth by payload size, raw and over the data plane, in alternation.</summary>
    public static async Task<IReadOnlyList<object>> KvAsync()
    {
        List<object> figures = [];
        foreach (int size in new[] { 73_728, 1 << 20, 4 << 20 })
        {
            double raw = 0;
            double wire = 0;
            double stored = 0;
            for (int round = 0; round < 3; round++)
            {
                raw = Math.Max(raw, await RawAsync(size));
                wire = Math.Max(wire, await PushAsync(size, store: false));
                stored = Math.Max(stored, await PushAsync(size, store: true));
            }

            figures.Add(new
            {
                payload_bytes = size,
                raw_socket_gb_per_second = Math.Round(raw / 1e9, 2),
                push_gb_per_second = Math.Round(wire / 1e9, 2),
                push_of_raw = Math.Round(wire / raw, 2),
                push_and_store_gb_per_second = Math.Round(stored / 1e9, 2),
                push_and_store_of_raw = Math.Round(stored / raw, 2),
            });
        }

        return figures;
    }

    /// <summary>Processor time of a token on its way from a worker's frame to the gateway's receiver, 64 to the frame.</summary>
    public static async Task<double> CpuMicrosecondsPerTokenAsync()
    {
        const int Frames = 20_000;
        const int Tokens = 64;
        await using WireDataPlane a = Open("a");
        await using WireDataPlane b = Open("b");
        TokenCount count = new(Frames * Tokens);
        b.RegisterTokens(count);
        using ITokenChannel channel = a.OpenTokens(b.Address, "a/decode-0");
        TokenFrame frame = new();
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        for (int i = 0; i < Frames; i++)
        {
            frame.Clear();
            for (int token = 0; token < Tokens; token++)
            {
                frame.Add(Guid.Empty, i, token, -1, [], [], TokenStreamEnd.None);
            }

            channel.Send(frame);
            while (count.Seen < (i - 8) * Tokens)
            {
                await Task.Yield();
            }
        }

        await count.Done.WaitAsync(TimeSpan.FromSeconds(30));
        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / (Frames * Tokens);
    }

    private static WireDataPlane Open(string name) => new(
        new WireOptions { ClusterId = "bench", SiloName = name, Incarnation = 1, PingInterval = TimeSpan.FromSeconds(5) }, new SocketTransport(), TimeProvider.System, new Silent());

    private static async Task<double> RawAsync(int size)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using TcpClient sender = new() { NoDelay = true };
        Task<TcpClient> accepted = listener.AcceptTcpClientAsync();
        await sender.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using TcpClient receiver = await accepted;
        long received = 0;
        Task reading = Task.Run(async () =>
        {
            byte[] buffer = new byte[size];
            int read;
            while ((read = await receiver.GetStream().ReadAsync(buffer)) > 0)
            {
                received += read;
            }
        });
        byte[] payload = new byte[size];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Duration)
        {
            await sender.GetStream().WriteAsync(payload);
        }

        sender.Close();
        await reading;
        return received / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> PushAsync(int size, bool store)
    {
        await using WireDataPlane a = Open("a");
        await using WireDataPlane b = Open("b");
        b.RegisterKv("decode-0", new Store(store ? size : 0));
        await using IKvPush push = a.OpenKvPush(b.Address, "decode-0", Guid.NewGuid());
        byte[] payload = new byte[size];
        await push.PushAsync(0, 0, payload, default);
        long sent = 0;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Duration)
        {
            await push.PushAsync(0, 0, payload, default);
            sent += size;
        }

        await push.CommitAsync(default);
        return sent / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private sealed class Store(int size) : IKvReceiver
    {
        private readonly byte[] _block = new byte[size];

        public void OnBlock(Guid ticket, int layer, int block, ReadOnlySpan<byte> payload)
        {
            if (_block.Length > 0)
            {
                payload.CopyTo(_block);
            }
        }

        public void OnCommit(Guid ticket)
        {
        }

        public void OnAbort(Guid ticket, string reason)
        {
        }
    }

    private sealed class TokenCount(int expected) : ITokenReceiver
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _seen;

        public Task Done => _done.Task;

        public int Seen => Volatile.Read(ref _seen);

        public void OnFrame(TokenChannelId channel, TokenFrame frame)
        {
            Volatile.Write(ref _seen, _seen + frame.Count);
            if (_seen == expected)
            {
                _done.TrySetResult();
            }
        }

        public void OnWorkerLost(TokenChannelId channel, string worker) => _done.TrySetException(new InvalidOperationException("the channel was lost"));
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

        public void OnReceiverFault(string what, Exception exception) => Console.Error.WriteLine($"{what}: {exception}");
    }
}
