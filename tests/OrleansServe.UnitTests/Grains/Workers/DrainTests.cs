using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A decode worker that is to stop, and one whose prefill worker goes before it has begun.</summary>
public sealed class DrainTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly WorkerRig _rig = new();
    private readonly HeldGateway _gateway = new();
    private readonly InProcessNetwork _network = new();
    private readonly InProcessDataPlane _peer;
    private readonly DecodeWorker _worker;

    public DrainTests()
    {
        _peer = _network.Join("peer");
        _peer.RegisterTokens(_gateway);
        _worker = new DecodeWorker(new WorkerId("silo", "decode-0"), _rig.Engine(), _rig.Context(_network.Join("silo")));
        _worker.Start();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        _gateway.Release();
        await _worker.DisposeAsync();
        _gateway.Dispose();
        _rig.Dispose();
    }

    [Theory]
    [InlineData(1000, TokenStreamEnd.HandedOver)]
    [InlineData(0, TokenStreamEnd.Length)]
    public async Task HandOver_StreamThatDoesNotEndInTime_GoesWhereThereIsRoom(long room, TokenStreamEnd expected)
    {
        await StreamAsync();
        _worker.BeginDrain();
        _worker.HandOver(TimeSpan.Zero, room);
        _gateway.Release();

        Assert.Equal(expected, await _gateway.End.WaitAsync(Patience));
        await _worker.Drained.WaitAsync(Patience);
        Assert.Equal(0, (await _worker.CheckIntegrityAsync()).KvBlocksUsed);
        Assert.True((await _worker.ReportAsync(full: true)).Report.Draining);
    }

    [Fact]
    public async Task HandOver_StreamThatEndsInTime_Stays()
    {
        await StreamAsync();
        _worker.HandOver(TimeSpan.FromDays(1), room: 1000);
        _gateway.Release();

        Assert.Equal(TokenStreamEnd.Length, await _gateway.End.WaitAsync(Patience));
    }

    [Fact]
    public async Task Stop_StreamsRunning_HandsThemOn()
    {
        await StreamAsync();
        ValueTask stopping = _worker.DisposeAsync();
        _gateway.Release();
        await stopping;

        Assert.Equal(TokenStreamEnd.HandedOver, await _gateway.End.WaitAsync(Patience));
    }

    [Fact]
    public async Task Reserve_ForAGatewayThatIsNamed_TellsItOfATransferThatBreaksBeforeTheRequestIsTakenIn()
    {
        _gateway.Release();
        ReserveResult reserved = await ReserveAsync();
        InProcessDataPlane prefill = _network.Join("prefill");
        await prefill.OpenKvPush("inproc://silo", "decode-0", reserved.Ticket!.Id).PushAsync(0, 0, new byte[_rig.BytesPerBlockLayer], default);
        _network.Disconnect(prefill.Address);

        Assert.Equal(TokenStreamEnd.Failed, await _gateway.End.WaitAsync(Patience));
        Assert.Equal(reserved.TokenChannel, _gateway.Channel.Value);
        Assert.Equal(0, (await _worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    [Fact]
    public async Task Reserve_ForAGatewayThatCannotBeReached_HoldsNothing()
    {
        ReserveResult reserved = await _worker.ReserveAsync(Request() with { GatewayAddress = "inproc://nobody" });

        Assert.Null(reserved.Ticket);
        Assert.True(reserved.Retryable);
        Assert.Equal(0, (await _worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    private static ReserveRequest Request() =>
        new(Guid.NewGuid(), [.. Enumerable.Range(0, 70).Select(i => i % 50)], [], 200, WorkerRig.KvFormatHex, SchedulingSettings.Default) { GatewayAddress = "inproc://peer" };

    private async Task<ReserveResult> ReserveAsync()
    {
        ReserveResult reserved = await _worker.ReserveAsync(Request());
        Assert.Null(reserved.Refusal);
        return reserved;
    }

    /// <summary>Begins a stream whose worker waits in the sending of its first token.</summary>
    private async Task StreamAsync()
    {
        KvTicket ticket = (await ReserveAsync()).Ticket!;
        Assert.True((await _worker.DecodeAsync(new DecodeRequest(ticket.Id, ticket.RequestId, 3, new SamplingSettings(0, 1, 0, 0, 0, 0), default, "inproc://peer"))).Accepted);
        byte[] block = new byte[_rig.BytesPerBlockLayer];
        IKvPush push = _peer.OpenKvPush("inproc://silo", "decode-0", ticket.Id);
        for (int layer = 0; layer < _rig.Layers; layer++)
        {
            for (int i = 0; i < ticket.Blocks; i++)
            {
                await push.PushAsync(layer, i, block, default);
            }
        }

        await push.CommitAsync(default);
        await _gateway.First.WaitAsync(Patience);
    }

    /// <summary>A gateway that keeps the worker in its first frame until told.</summary>
    private sealed class HeldGateway : ITokenReceiver, IDisposable
    {
        private readonly ManualResetEventSlim _released = new();
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<TokenStreamEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task First => _first.Task;

        public Task<TokenStreamEnd> End => _end.Task;

        public TokenChannelId Channel { get; private set; }

        public void Release() => _released.Set();

        public void OnFrame(TokenChannelId channel, TokenFrame frame)
        {
            Channel = channel;
            _first.TrySetResult();
            foreach (ref readonly TokenEvent token in frame.Events)
            {
                if (token.End != TokenStreamEnd.None)
                {
                    _end.TrySetResult(token.End);
                }
            }

            Assert.True(_released.Wait(Patience));
        }

        public void OnWorkerLost(TokenChannelId channel, string worker)
        {
        }

        public void Dispose() => _released.Dispose();
    }
}
