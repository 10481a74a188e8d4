using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Kv;
using OrleansServe.UnitTests.Gateway;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

public sealed class SignOfLifeTests : IDisposable
{
    private const int Prompt = 60;
    private const int MaxTokens = 190;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly WorkerRig _rig = new();
    private readonly InProcessNetwork _network = new();
    private readonly StreamBook _streams = new();

    public void Dispose()
    {
        _rig.Dispose();
        _streams.Dispose();
    }

    [Fact]
    public async Task Decode_StreamWaitsForBlocks_TellsItsGatewayThatItIsWell()
    {
        // Two streams of four blocks in the end, on four: the later one gives way, and the step that it is missing from stands still.
        ManualTime time = new();
        using SemaphoreSlim posted = new(0);
        using SemaphoreSlim gate = new(0);
        TaskCompletionSource waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool begun = false;
        bool together = false;
        WatchedEngine engine = _rig.Engine(kvBlocks: 4);
        engine.Stepping = plan =>
        {
            Assert.True(begun || posted.Wait(Patience));
            begun = true;
            together |= plan.Count == 2;
            if (together && plan.Count == 1 && waits.TrySetResult())
            {
                Assert.True(gate.Wait(Patience));
            }
        };
        InProcessDataPlane peer = _network.Join("peer");
        peer.RegisterTokens(_streams);
        await using DecodeWorker worker = new(new WorkerId("silo", "decode-0"), engine, _rig.Context(_network.Join("silo"), time: time, speculativeTokens: 0));
        worker.Start();
        KvTicket[] tickets = [await PrepareAsync(worker, peer, 1), await PrepareAsync(worker, peer, 2)];
        Task<IReadOnlyList<string>>[] streams = [.. tickets.Select(ticket => _streams.Listen(ticket.RequestId))];
        Task<DecodeResult>[] accepted = [.. tickets.Select(ticket => worker.DecodeAsync(
            new DecodeRequest(ticket.Id, ticket.RequestId, 3, new SamplingSettings(0, 1, 0, 0, 0, 0) { PromptTokens = Prompt }, [], "inproc://peer")))];
        posted.Release();
        Assert.All(await Task.WhenAll(accepted), result => Assert.True(result.Accepted, result.Error));

        await waits.Task.WaitAsync(Patience);
        Assert.Equal(0, _streams.Signs.CurrentCount);
        time.Advance(TimeSpan.FromSeconds(5));
        gate.Release();
        Assert.True(await _streams.Signs.WaitAsync(Patience));
        foreach (Task<IReadOnlyList<string>> stream in streams)
        {
            Assert.Equal(MaxTokens - 1, (await stream.WaitAsync(Patience)).Count);
        }
    }

    // Reserves, and sends zeros for KV: what is produced does not matter.
    private async Task<KvTicket> PrepareAsync(DecodeWorker worker, InProcessDataPlane peer, int token)
    {
        ReserveResult reserved = await worker.ReserveAsync(new ReserveRequest(
            Guid.NewGuid(), [.. Enumerable.Repeat(token, Prompt)], [], MaxTokens, WorkerRig.KvFormatHex, SchedulingSettings.Default));
        Assert.Null(reserved.Refusal);
        byte[] block = new byte[_rig.BytesPerBlockLayer];
        await using IKvPush push = peer.OpenKvPush("inproc://silo", "decode-0", reserved.Ticket!.Id);
        for (int layer = 0; layer < _rig.Layers; layer++)
        {
            await push.PushAsync(layer, 0, block, default);
        }

        await push.CommitAsync(default);
        return reserved.Ticket!;
    }
}
