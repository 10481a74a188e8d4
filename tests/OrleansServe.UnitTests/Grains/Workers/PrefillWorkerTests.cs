using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Prefill;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

public sealed class PrefillWorkerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly WorkerId Id = new("silo", "prefill-0");
    private readonly WorkerRig _rig = new();
    private readonly HeldPlane _plane = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Dispose_TransferUnderWay_KeepsTheEngineUntilNothingReadsIt()
    {
        WatchedEngine engine = _rig.Engine();
        PrefillWorker worker = new(Id, engine, _rig.Context(_plane));
        worker.Start();
        PrefillResult answer = await worker.PrefillAsync(Request(70), default);
        Assert.Null(answer.Error);
        await _plane.Reached.WaitAsync(Patience);

        Task stopped = worker.DisposeAsync().AsTask();
        PrefillResult refused = await worker.PrefillAsync(Request(70), default).WaitAsync(Patience);
        Assert.True(refused.Retryable);
        Assert.False(engine.IsDisposed);
        Assert.False(stopped.IsCompleted);

        _plane.Release();
        await stopped.WaitAsync(Patience);
        Assert.True(engine.IsDisposed);
    }

    [Fact]
    public async Task Prefill_AsManyAsTheLimit_AreHeldAndNoMore()
    {
        await using PrefillWorker worker = new(Id, _rig.Engine(), _rig.Context(_plane, maxRequests: 2));
        worker.Start();
        Assert.Null((await worker.PrefillAsync(Request(70), default)).Error);
        Assert.Null((await worker.PrefillAsync(Request(70), default)).Error);

        PrefillResult third = await worker.PrefillAsync(Request(70), default);
        Assert.Equal("worker silo/prefill-0 holds 2 requests, which is its limit", third.Error);
        Assert.True(third is { Retryable: true, NoRoom: true });
        _plane.Release();
    }

    [Fact]
    public async Task Prefill_ManyWaitForAPeerThatIsGone_AllAreRefused()
    {
        // 16 blocks of which the first takes 15: the others wait, and then fail as they are started, one out of the other.
        await using PrefillWorker worker = new(Id, _rig.Engine(kvBlocks: 16), _rig.Context(_plane, maxRequests: 4000));
        worker.Start();
        Assert.Null((await worker.PrefillAsync(Request(15 * 64), default)).Error);
        Task<PrefillResult>[] waiting = [.. Enumerable.Range(0, 3000).Select(_ => worker.PrefillAsync(Request(2 * 64, blocksOfTicket: 9), default))];
        _plane.Release();
        Assert.All(await Task.WhenAll(waiting).WaitAsync(Patience), result => Assert.Contains("its ticket is for 9 blocks", result.Error, StringComparison.Ordinal));
        Assert.Equal(0, (await worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 2)]
    public async Task Prefill_HashesOfAnotherPrompt_AreRefused(bool absent, int hashes)
    {
        await using PrefillWorker worker = new(Id, _rig.Engine(), _rig.Context(_plane));
        worker.Start();
        PrefillResult result = await worker.PrefillAsync(Request(70) with { BlockHashes = absent ? default : [.. new UInt128[hashes]] }, default);
        Assert.Equal("a prompt of 70 tokens has 1 full KV blocks, not the number of its hashes", result.Error);
        Assert.False(result.Retryable);
        _plane.Release();
    }

    private static PrefillRequest Request(int tokens, int? blocksOfTicket = null)
    {
        Guid id = Guid.NewGuid();
        KvTicket ticket = new(
            Guid.NewGuid(), id, new WorkerId("silo", "decode-0"), "held://", blocksOfTicket ?? (tokens + 63) / 64, 0, WorkerRig.KvFormatHex, DateTimeOffset.MaxValue);
        return new PrefillRequest(id, [.. Enumerable.Range(0, tokens).Select(i => i % 50)], [], new SamplingSettings(0, 1, 0, 0, 0, 0), ticket, WorkerRig.KvFormatHex, SchedulingSettings.Default);
    }
}
