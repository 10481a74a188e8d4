using System.Threading.Channels;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Kv;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Kv;

namespace OrleansServe.Grains.Workers.Prefill;

/// <summary>
/// Sends one prompt's KV to its decode worker, layer by layer as the engine finishes them, on a task of its own so that the engine never waits
/// for the network. The prompt's blocks must stay held until <see cref="Completion"/>.
/// </summary>
internal sealed class KvSender : IDisposable
{
    private readonly IKvPush _push;
    private readonly IKvMemory _kv;
    private readonly int[] _blocks;
    private readonly int _held;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _cancel;
    private readonly Lock _lock = new();

    // Bounded by its use: each layer of each block is queued once.
    private readonly Channel<(int Layer, int Block)> _ready = Channel.CreateUnbounded<(int, int)>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private bool _disposed;

    /// <param name="push">The transfer; the sender's from now on.</param>
    /// <param name="kv">Where the blocks are.</param>
    /// <param name="blocks">The prompt's blocks.</param>
    /// <param name="ticket">Which of them the receiver wants.</param>
    /// <param name="limit">How long the receiver may take over one layer of one block.</param>
    /// <param name="time">The clock.</param>
    private KvSender(IKvPush push, IKvMemory kv, ReadOnlySpan<int> blocks, KvTicket ticket, TimeSpan limit, TimeProvider time)
    {
        _push = push;
        _kv = kv;
        _blocks = blocks[..ticket.Blocks].ToArray();
        _held = ticket.HeldBlocks;
        _limit = limit;
        _cancel = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        Completion = Task.Run(RunAsync);
    }

    /// <summary>Begins a prompt's transfer.</summary>
    /// <param name="plane">Reaches the decode worker.</param>
    /// <param name="kv">Where the blocks are.</param>
    /// <param name="blocks">The prompt's blocks.</param>
    /// <param name="ticket">Where they go.</param>
    /// <param name="limit">How long the receiver may take over one layer of one block.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="PeerUnreachableException">The receiver cannot be reached, or the ticket is not for this prompt.</exception>
    public static KvSender Begin(IDataPlane plane, IKvMemory kv, ReadOnlySpan<int> blocks, KvTicket ticket, TimeSpan limit, TimeProvider time) =>
        ticket.Blocks == blocks.Length && ticket.HeldBlocks >= 0 && ticket.HeldBlocks <= ticket.Blocks
            ? new KvSender(plane.OpenKvPush(ticket.DataPlaneAddress, ticket.Worker.Device, ticket.Id), kv, blocks, ticket, limit, time)
            : throw new PeerUnreachableException(
                ticket.DataPlaneAddress, $"its ticket is for {ticket.Blocks} blocks, {ticket.HeldBlocks} of them held, but the prompt has {blocks.Length}");

    /// <summary>Completes when the receiver has confirmed everything; fails if the transfer did.</summary>
    public Task Completion { get; }

    /// <summary>Queues one layer of the blocks <paramref name="first"/>..<paramref name="end"/>-1 of the prompt; those that the receiver holds are left out.</summary>
    public void Ready(int layer, int first, int end)
    {
        for (int block = Math.Max(first, _held); block < Math.Min(end, _blocks.Length); block++)
        {
            _ready.Writer.TryWrite((layer, block));
        }
    }

    /// <summary>Everything has been queued.</summary>
    public void Finish() => _ready.Writer.TryComplete();

    /// <summary>Gives the transfer up and tells the receiver. Any thread may.</summary>
    public void Abort(string reason)
    {
        _ready.Writer.TryComplete(new OperationCanceledException(reason));
        lock (_lock)
        {
            if (!_disposed)
            {
                _cancel.Cancel();
            }
        }
    }

    /// <summary>For the owner, after <see cref="Completion"/>.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _cancel.Dispose();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach ((int layer, int block) in _ready.Reader.ReadAllAsync(_cancel.Token))
            {
                // From where it lies: the blocks are held, and nothing writes to what has been queued.
                _cancel.CancelAfter(_limit);
                await _push.PushAsync(layer, block, _kv.Lend(_blocks[block], layer), _cancel.Token);

                // The engine may take its time over the next layer: only the receiver is limited.
                _cancel.CancelAfter(Timeout.InfiniteTimeSpan);
            }

            _cancel.CancelAfter(_limit);
            await _push.CommitAsync(_cancel.Token);
        }
        catch (Exception e)
        {
            await _push.AbortAsync(e.Message);
            throw;
        }
        finally
        {
            await _push.DisposeAsync();
        }
    }
}
