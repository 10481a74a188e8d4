using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using OrleansServe.Transfer.Wire.Transports;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>Connections in memory, on which what a plan says goes wrong.</summary>
internal sealed class MemoryTransport(FaultPlan? plan = null) : IWireTransport
{
    private readonly ConcurrentDictionary<int, Listener> _listeners = new();
    private int _nextPort = 1000;
    private int _dialled = -1;

    /// <summary>Whether the plan's fault has happened.</summary>
    public bool Happened { get; private set; }

    public IWireListener Listen(IPAddress address, int port)
    {
        Listener listener = new(this, port == 0 ? Interlocked.Increment(ref _nextPort) : port);
        return _listeners.TryAdd(listener.Port, listener) ? listener : throw new IOException($"port {port} is taken");
    }

    public ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_listeners.TryGetValue(port, out Listener? listener))
        {
            throw new ConnectionRefusedException(host, port);
        }

        int number = Interlocked.Increment(ref _dialled);
        MemoryPipe there = new();
        MemoryPipe back = new();
        End dialler = new(this, back, there, plan is { FromDialler: true } && plan.Connection == number ? plan : null);
        End acceptor = new(this, there, back, plan is { FromDialler: false } && plan.Connection == number ? plan : null);
        listener.Accepted.Writer.TryWrite(acceptor);
        return new ValueTask<Stream>(dialler);
    }

    private sealed class Listener(MemoryTransport owner, int port) : IWireListener
    {
        public Channel<Stream> Accepted { get; } = Channel.CreateUnbounded<Stream>();

        public int Port { get; } = port;

        public async ValueTask<(Stream Stream, string Remote)> AcceptAsync(CancellationToken cancellationToken)
        {
            try
            {
                return (await Accepted.Reader.ReadAsync(cancellationToken), "memory");
            }
            catch (ChannelClosedException)
            {
                throw new ObjectDisposedException(nameof(Listener));
            }
        }

        public void Dispose()
        {
            owner._listeners.TryRemove(Port, out _);
            Accepted.Writer.TryComplete();
        }
    }

    private sealed class End(MemoryTransport owner, MemoryPipe incoming, MemoryPipe outgoing, FaultPlan? fault) : Stream
    {
        private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _written;
        private bool _stalled;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _disposed.Task.IsCompleted ? throw new ObjectDisposedException(nameof(End)) : incoming.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            long start = _written;
            _written += buffer.Length;
            if (_stalled)
            {
                await _disposed.Task.WaitAsync(cancellationToken);
                throw new IOException("the connection is closed");
            }

            if (fault is null || fault.AtByte < start || fault.AtByte >= _written)
            {
                await outgoing.WriteAsync(buffer, cancellationToken);
                return;
            }

            owner.Happened = true;
            byte[] bytes = buffer.ToArray();
            int at = (int)(fault.AtByte - start);
            int end = Math.Min(bytes.Length, at + fault.Length);
            switch (fault.Kind)
            {
                case FaultKind.Drop:
                    bytes = [.. bytes[..at], .. bytes[end..]];
                    break;
                case FaultKind.Duplicate:
                    bytes = [.. bytes[..end], .. bytes[at..]];
                    break;
                case FaultKind.Corrupt:
                    bytes[at] ^= (byte)(1 << (fault.Length & 7));
                    break;
                case FaultKind.Truncate:
                    await outgoing.WriteAsync(bytes.AsMemory(0, at), cancellationToken);
                    outgoing.Close(lose: false);
                    incoming.Close(lose: true);
                    return;
                case FaultKind.Close:
                    outgoing.Close(lose: true);
                    incoming.Close(lose: true);
                    return;
                case FaultKind.Stall:
                    _stalled = true;
                    return;
            }

            await outgoing.WriteAsync(bytes, cancellationToken);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (_disposed.TrySetResult())
            {
                outgoing.Close(lose: false);
                incoming.Close(lose: true);
            }

            base.Dispose(disposing);
        }
    }
}
