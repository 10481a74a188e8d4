using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Kv;
using OrleansServe.UnitTests.Gateway;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

public sealed class DecodeWorkerTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly WorkerId Id = new("silo", "decode-0");
    private static readonly SamplingSettings Greedy = new(0, 1, 0, 0, 0, 0);
    private readonly WorkerRig _rig = new();
    private readonly ManualTime _time = new();
    private readonly TokenLog _gateway = new();
    private readonly InProcessDataPlane _peer;
    private readonly DecodeWorker _worker;

    public DecodeWorkerTests()
    {
        InProcessNetwork network = new();
        _peer = network.Join("peer");
        _peer.RegisterTokens(_gateway);
        _worker = new DecodeWorker(Id, _rig.Engine(), _rig.Context(network.Join("silo"), time: _time));
        _worker.Start();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        _rig.Dispose();
    }

    [Fact]
    public async Task Commit_BlocksMissing_EndsTheRequestAtOnce()
    {
        KvTicket ticket = await ReserveAsync();
        Assert.True((await _worker.DecodeAsync(Decode(ticket))).Accepted);
        IKvPush push = _peer.OpenKvPush("inproc://silo", "decode-0", ticket.Id);
        await Assert.ThrowsAsync<KvTransferException>(async () => await push.CommitAsync(default));

        Assert.Contains("layer blocks missing", await _gateway.Failure.WaitAsync(Patience), StringComparison.Ordinal);
        Assert.Equal(0, (await _worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    [Fact]
    public async Task Abort_AfterTheCommit_ChangesNothing()
    {
        KvTicket ticket = await ReserveAsync();
        await SendAsync(ticket);
        _worker.Receiver.OnAbort(ticket.Id, "the connection broke");
        Assert.Equal(2, (await _worker.CheckIntegrityAsync()).KvBlocksUsed);
        Assert.True((await _worker.DecodeAsync(Decode(ticket))).Accepted);
    }

    [Fact]
    public async Task Sweep_BlocksStillArrive_KeepsTheReservationAndTakesItBackWhenTheyStop()
    {
        KvTicket ticket = await ReserveAsync();
        byte[] block = new byte[_rig.BytesPerBlockLayer];
        await using IKvPush push = _peer.OpenKvPush("inproc://silo", "decode-0", ticket.Id);
        for (int layer = 0; layer < 2; layer++)
        {
            _time.Advance(TimeSpan.FromSeconds(45));
            await push.PushAsync(layer, 0, block, default);
        }

        _time.Advance(TimeSpan.FromSeconds(45));
        Assert.Equal(2, (await _worker.CheckIntegrityAsync()).KvBlocksUsed);
        _time.Advance(TimeSpan.FromSeconds(45));
        Assert.Equal(0, (await _worker.CheckIntegrityAsync()).KvBlocksUsed);
        await Assert.ThrowsAsync<KvTransferException>(async () => await push.PushAsync(0, 1, block, default));
    }

    [Fact]
    public async Task Decode_SteadyStream_AllocatesNothingOnTheEnginesThread()
    {
        KvTicket ticket = await ReserveAsync(maxTokens: 300);
        Assert.True((await _worker.DecodeAsync(Decode(ticket))).Accepted);
        await SendAsync(ticket);
        await _gateway.Ended.WaitAsync(Patience);

        // The first tokens warm up. Blocks fill, are named and published in between.
        long[] allocated = _gateway.AllocatedBefore;
        Assert.True(allocated[100] > 0);
        Assert.Equal(0, allocated[299] - allocated[100]);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 2)]
    public async Task Reserve_HashesOfAnotherPrompt_IsRefused(bool absent, int hashes)
    {
        ReserveResult result = await _worker.ReserveAsync(Reserve(Guid.NewGuid()) with { BlockHashes = absent ? default : [.. new UInt128[hashes]] });
        Assert.Equal("a prompt of 70 tokens has 1 full KV blocks, not the number of its hashes", result.Refusal);
        Assert.False(result.Retryable);
    }

    [Fact]
    public async Task Calls_WorkerStopped_AreRefusedForAnotherWorkerToServe()
    {
        KvTicket ticket = await ReserveAsync();
        await _worker.DisposeAsync();
        Assert.True((await _worker.ReserveAsync(Reserve(Guid.NewGuid()))).Retryable);
        Assert.True((await _worker.DecodeAsync(Decode(ticket))).Retryable);
        await _worker.ReleaseAsync(ticket.RequestId);
    }

    private static ReserveRequest Reserve(Guid id, int maxTokens = 10) =>
        new(id, [.. Enumerable.Range(0, 70).Select(i => i % 50)], [], maxTokens, WorkerRig.KvFormatHex, SchedulingSettings.Default);

    private static DecodeRequest Decode(KvTicket ticket) => new(ticket.Id, ticket.RequestId, 3, Greedy, default, "inproc://peer");

    private async Task<KvTicket> ReserveAsync(int maxTokens = 10)
    {
        ReserveResult reserved = await _worker.ReserveAsync(Reserve(Guid.NewGuid(), maxTokens));
        Assert.Null(reserved.Refusal);
        return reserved.Ticket!;
    }

    private async Task SendAsync(KvTicket ticket)
    {
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
    }
}
