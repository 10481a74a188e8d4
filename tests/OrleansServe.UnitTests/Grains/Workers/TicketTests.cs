using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Kv;
using OrleansServe.Grains;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Grains.Workers.Prefill;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Transports;
using OrleansServe.UnitTests.Gateway;
using OrleansServe.UnitTests.Transfer.Faults;
using OrleansServe.UnitTests.Transfer.Support;
using OrleansServe.UnitTests.Transfer.Wire;
using Prometheus;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>What a ticket is good for, over sockets: one transfer of one request's KV to the silo that gave it. The workers' clock moves only where a test moves it.</summary>
public sealed class TicketTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly KvLayout Layout = new() { Layers = 2, LatentWidth = 2, RopeWidth = 4 };
    private static readonly SamplingSettings Greedy = new(0, 1, 0, 0, 0, 0);
    private static readonly ImmutableArray<int> Prompt = [.. Enumerable.Range(1, 100)];

    // The sockets' clock is the machine's: what they may take hangs on who else uses it.
    private static readonly TimeSpan Ample = TimeSpan.FromMinutes(1);
    private readonly ManualTime _time = new();
    private readonly WireLog _log = new();
    private readonly HashEngine _decodeEngine = new(Layout, 16, 128);
    private readonly HoldingEngine _prefillEngine = new(new HashEngine(Layout, 16, 128));
    private readonly WireDataPlane _p;
    private readonly PrefillWorker _prefill;
    private WireDataPlane _d;
    private DecodeWorker _decode;

    public TicketTests()
    {
        _p = Plane("p", 1, 0);
        _d = Plane("d", 2, 0);
        _p.RegisterTokens(new TokenRecorder());
        _prefill = new PrefillWorker(new WorkerId("p", "prefill-0"), _prefillEngine, Context("p", _p, [1]));
        _decode = new DecodeWorker(new WorkerId("d", "decode-0"), _decodeEngine, Context("d", _d, [1]));
        _prefill.Start();
        _decode.Start();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        _prefillEngine.Release();
        await _prefill.DisposeAsync();
        await _decode.DisposeAsync();
        _p.Break();
        _d.Break();
        await _p.DisposeAsync();
        await _d.DisposeAsync();
        Assert.Empty(_log.Faults);
    }

    [Fact]
    public async Task Prefill_LayerDone_IsSentWhileTheNextIsComputed()
    {
        KvTicket ticket = await ReserveAsync(Guid.NewGuid());
        _prefillEngine.HoldAfterLayer(0);
        Task<PrefillResult> filled = PrefillAsync(ticket);
        await _prefillEngine.Held.WaitAsync(Limits.Patience);
        await EventuallyAsync(() => Task.FromResult(_decodeEngine.Written == 2));
        Assert.False(filled.IsCompleted);
        _prefillEngine.Release();
        Assert.NotNull((await filled.WaitAsync(Limits.Patience)).FirstToken);
        await EventuallyAsync(() => Task.FromResult(_decodeEngine.Written == 4));
    }

    [Fact]
    public async Task Decode_BeforeTheLastBlock_WaitsForIt()
    {
        KvTicket ticket = await ReserveAsync(Guid.NewGuid());
        Assert.True((await DecodeAsync(ticket, ticket.RequestId)).Accepted);
        await using (IKvPush push = _p.OpenKvPush(_d.Address, "decode-0", ticket.Id))
        {
            byte[] payload = new byte[Layout.BytesPerBlockLayer];
            foreach ((int layer, int block) in new[] { (0, 0), (0, 1), (1, 0) })
            {
                await push.PushAsync(layer, block, payload, default);
            }

            await EventuallyAsync(() => Task.FromResult(_decodeEngine.Written == 3));
            Assert.Equal(0, (await _decode.CheckIntegrityAsync()).RunningRequests);
            KvTransferException refusal = await Assert.ThrowsAsync<KvTransferException>(async () => await push.CommitAsync(default));
            Assert.Contains("1 of 4 layer blocks missing", refusal.Reason, StringComparison.Ordinal);
        }

        await EventuallyAsync(async () => (await _decode.CheckIntegrityAsync()).KvBlocksUsed == 0);
    }

    [Fact]
    public async Task Decode_TicketInUseOrOfAnotherRequest_IsRefused()
    {
        KvTicket ticket = await ReserveAsync(Guid.NewGuid());
        KvTicket other = await ReserveAsync(Guid.NewGuid());
        DecodeResult foreign = await DecodeAsync(ticket, other.RequestId);
        Assert.False(foreign.Accepted);
        Assert.Contains($"holds no ticket {ticket.Id:N} for request {other.RequestId:N}", foreign.Error, StringComparison.Ordinal);
        Assert.True((await DecodeAsync(ticket, ticket.RequestId)).Accepted);
        DecodeResult again = await DecodeAsync(ticket, ticket.RequestId);
        Assert.False(again.Accepted);
        Assert.Contains("is in use", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prefill_TicketOfAnotherRequest_IsRefused()
    {
        KvTicket ticket = await ReserveAsync(Guid.NewGuid());
        Guid other = Guid.NewGuid();
        PrefillResult refused = await _prefill.PrefillAsync(new PrefillRequest(other, Prompt, [], Greedy, ticket, ticket.KvFormat, SchedulingSettings.Default), default);
        Assert.Null(refused.FirstToken);
        Assert.Contains($"belongs to request {ticket.RequestId:N}, not to {other:N}", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, _decodeEngine.Written);
    }

    [Fact]
    public async Task Push_TicketUsedTwice_IsRefusedAndTheFirstStands()
    {
        KvTicket ticket = await ReserveAsync(Guid.NewGuid());
        Assert.NotNull((await PrefillAsync(ticket)).FirstToken);
        await EventuallyAsync(() => Task.FromResult(_decodeEngine.Written == 4));
        await EventuallyAsync(async () => (await _prefill.CheckIntegrityAsync()).KvBlocksUsed == 0);
        await using IKvPush second = _p.OpenKvPush(_d.Address, "decode-0", ticket.Id);
        KvTransferException refusal = await Assert.ThrowsAsync<KvTransferException>(async () =>
        {
            await second.PushAsync(0, 0, new byte[Layout.BytesPerBlockLayer], default);
            await second.CommitAsync(default);
        });
        Assert.Contains("the transfer has ended", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(4, _decodeEngine.Written);
        Assert.True((await DecodeAsync(ticket, ticket.RequestId)).Accepted);
    }

    [Fact]
    public async Task Ticket_Expired_IsRefusedToSenderAndGateway()
    {
        KvTicket ticket = await ReserveAsync(Guid.NewGuid());
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(0, (await _decode.CheckIntegrityAsync()).KvBlocksUsed);
        DecodeResult late = await DecodeAsync(ticket, ticket.RequestId);
        Assert.Contains("it expired", late.Error, StringComparison.Ordinal);
        await using IKvPush push = _p.OpenKvPush(_d.Address, "decode-0", ticket.Id);
        KvTransferException refusal = await Assert.ThrowsAsync<KvTransferException>(async () =>
        {
            await push.PushAsync(0, 0, new byte[Layout.BytesPerBlockLayer], default);
            await push.CommitAsync(default);
        });
        Assert.Contains("expired", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, _decodeEngine.Written);
    }

    [Fact]
    public async Task Reserve_AnotherFingerprint_IsRefusedWithBoth()
    {
        ReserveResult refused = await _decode.ReserveAsync(new ReserveRequest(Guid.NewGuid(), Prompt, [], 4, "0a0b", SchedulingSettings.Default));
        Assert.Null(refused.Ticket);
        Assert.Contains("0a0b", refused.Refusal, StringComparison.Ordinal);
        Assert.Contains(", 01", refused.Refusal, StringComparison.Ordinal);
        KvTicket ticket = await ReserveAsync(Guid.NewGuid());
        PrefillResult foreign = await PrefillAsync(ticket with { KvFormat = "0a0b" });
        Assert.Contains("0a0b", foreign.Error, StringComparison.Ordinal);
        Assert.Contains(", 01", foreign.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Abort_ByEitherSide_ReleasesBothWithoutTheClock()
    {
        // The decode side gives up while the next layer is computed: the sender, who has nothing to send, is told all the same.
        KvTicket ticket = await ReserveAsync(Guid.NewGuid());
        _prefillEngine.HoldAfterLayer(0);
        Task<PrefillResult> filled = PrefillAsync(ticket);
        await _prefillEngine.Held.WaitAsync(Limits.Patience);
        await EventuallyAsync(() => Task.FromResult(_decodeEngine.Written == 2));
        await _decode.ReleaseAsync(ticket.RequestId);
        Assert.Equal(0, (await _decode.CheckIntegrityAsync()).KvBlocksUsed);
        Assert.Equal(0, _d.Incoming.KvTransfers);
        await EventuallyAsync(() => Task.FromResult(_p.Counters.StreamsOpen == 0));
        _prefillEngine.Release();
        await filled.WaitAsync(Limits.Patience);
        await EventuallyAsync(async () => (await _prefill.CheckIntegrityAsync()).KvBlocksUsed == 0);

        // The prefill side does, and the receiver need not wait for the engine.
        ticket = await ReserveAsync(Guid.NewGuid());
        _prefillEngine.HoldAfterLayer(0);
        using CancellationTokenSource cancel = new();
        filled = PrefillAsync(ticket, cancel.Token);
        await _prefillEngine.Held.WaitAsync(Limits.Patience);
        await EventuallyAsync(() => Task.FromResult(_decodeEngine.Written == 4));
        await cancel.CancelAsync();
        await EventuallyAsync(async () => (await _decode.CheckIntegrityAsync()).KvBlocksUsed == 0);
        _prefillEngine.Release();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => filled.WaitAsync(Limits.Patience));
        await EventuallyAsync(async () => (await _prefill.CheckIntegrityAsync()).KvBlocksUsed == 0);
    }

    [Fact]
    public async Task Restart_AnotherModelUnderTheSameName_NeverReceivesOldKv()
    {
        KvTicket ticket = await ReserveAsync(Guid.NewGuid());
        WireAddress old = WireAddress.Parse(_d.Address);
        _d.Break();
        await _decode.DisposeAsync();
        await _d.DisposeAsync();
        HashEngine engine = new(Layout, 16, 128);
        _d = Plane("d", 3, old.Port);
        _decode = new DecodeWorker(new WorkerId("d", "decode-0"), engine, Context("d", _d, [2]));
        _decode.Start();
        PrefillResult refused = await PrefillAsync(ticket);
        await EventuallyAsync(async () => (await _prefill.CheckIntegrityAsync()).KvBlocksUsed == 0);
        Assert.True(refused.FirstToken is not null || refused.Retryable, refused.Error);
        Assert.Contains(_log.Refusals, refusal => refusal.Contains("expects start 0000000000000002, this is silo 'd' in start 0000000000000003", StringComparison.Ordinal));

        // Nor by a ticket that names the new start: whoever holds the old format gets none.
        ReserveResult foreign = await _decode.ReserveAsync(new ReserveRequest(Guid.NewGuid(), Prompt, [], 4, "01", SchedulingSettings.Default));
        Assert.Contains("KV format 01 is not that of worker d/decode-0, 02", foreign.Refusal, StringComparison.Ordinal);
        await using IKvPush push = _p.OpenKvPush(_d.Address, "decode-0", ticket.Id);
        await Assert.ThrowsAsync<KvTransferException>(async () =>
        {
            await push.PushAsync(0, 0, new byte[Layout.BytesPerBlockLayer], default);
            await push.CommitAsync(default);
        });
        Assert.Equal(0, engine.Written);
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        using CancellationTokenSource patience = new(Limits.Patience);
        while (!await holds())
        {
            await Task.Delay(2, patience.Token);
        }
    }

    private WireDataPlane Plane(string name, ulong incarnation, int port) =>
        new(new WireOptions { ClusterId = "test", SiloName = name, Incarnation = incarnation, Port = port, PingInterval = Ample, HandshakeTimeout = Ample, ResumeLimit = Ample }, new SocketTransport(), TimeProvider.System, _log);

    private WorkerContext Context(string node, WireDataPlane plane, byte[] format) => new(
        new WorkerModel("hash", null!, "weights", format), // No checkpoint: the engine has no weights.
        new WorkerOptions { Node = node },
        new ServiceOptions(),
        plane,
        _time,
        new WorkerMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())),
        NullLogger.Instance);

    private async Task<KvTicket> ReserveAsync(Guid request)
    {
        ReserveResult reserved = await _decode.ReserveAsync(new ReserveRequest(request, Prompt, [], 4, "01", SchedulingSettings.Default));
        Assert.Null(reserved.Refusal);
        return reserved.Ticket!;
    }

    private Task<PrefillResult> PrefillAsync(KvTicket ticket, CancellationToken cancellation = default) =>
        _prefill.PrefillAsync(new PrefillRequest(ticket.RequestId, Prompt, [], Greedy, ticket, "01", SchedulingSettings.Default), cancellation);

    private Task<DecodeResult> DecodeAsync(KvTicket ticket, Guid request) =>
        _decode.DecodeAsync(new DecodeRequest(ticket.Id, request, 7, Greedy, [], _p.Address));
}
