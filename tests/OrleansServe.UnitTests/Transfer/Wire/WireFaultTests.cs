using OrleansServe.Transfer;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire;
using OrleansServe.UnitTests.Gateway;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>
/// Seeded faults at any byte of any connection. Whatever happens, KV is committed whole or not at all, tokens come without gap and none twice, and when both
/// sides have ended neither holds anything. Only time that the test lets pass passes.
/// </summary>
public sealed class WireFaultTests
{
    private const int Frames = 60;
    private static readonly FaultKind[] Kinds = [FaultKind.Drop, FaultKind.Duplicate, FaultKind.Corrupt, FaultKind.Truncate, FaultKind.Close, FaultKind.Stall];

    [Fact]
    public async Task Transfer_NoFault_EverythingArrives()
    {
        RunResult result = await RunAsync(0, null);
        Assert.True(result.Committed);
        Assert.Equal(Frames, result.Tokens);
        Assert.Equal(0, result.Resumes);
        Assert.Equal(0, result.ProtocolErrors);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Transfer_AnyFault_NothingIsHalfDoneOrDoubled(int part)
    {
        int happened = 0;
        long resumed = 0;
        int whole = 0;
        const int Runs = 60;
        for (int seed = part * Runs; seed < (part + 1) * Runs; seed++)
        {
            Random random = new(seed);
            FaultKind kind = Kinds[seed % Kinds.Length];
            FaultPlan plan = new(random.Next(2), random.Next(4) > 0, (long)Math.Pow(2, random.NextDouble() * 15), kind, random.Next(1, 200));
            RunResult result = await RunAsync(seed, plan);
            happened += result.Happened ? 1 : 0;
            resumed += result.Resumes;
            whole += result.Tokens == Frames ? 1 : 0;
        }

        // Else the test would show nothing.
        Assert.InRange(happened, Runs / 3, Runs);
        Assert.True(resumed > 0, "no token channel went on over a new connection");
        Assert.InRange(whole, Runs / 2, Runs);
    }

    private static async Task<RunResult> RunAsync(int seed, FaultPlan? plan)
    {
        ManualTime time = new();
        MemoryTransport transport = new(plan);
        await using WirePair pair = new(transport, time, options => options with { KvWindowBytes = 16 * 1024, ResumeLimit = TimeSpan.FromSeconds(5) });
        KvCheck kv = new();
        TokenRecorder tokens = new();
        pair.B.RegisterKv("decode-0", kv);
        pair.B.RegisterTokens(tokens);
        using CancellationTokenSource done = new();
        Task clock = PassAsync(time, done.Token);

        Guid ticket = Guid.NewGuid();
        Task<bool> push = PushAsync(pair.A, pair.B.Address, ticket, kv);
        ITokenChannel channel = pair.A.OpenTokens(pair.B.Address, "a/decode-0");
        for (int i = 0; i < Frames; i++)
        {
            channel.Send(DataPlaneContract.Frame(i));
            if (i % 5 == 0)
            {
                await Task.Yield();
            }
        }

        bool committed = await push.WaitAsync(Limits.Patience);
        channel.Dispose();
        try
        {
            Assert.Equal($"lost a/decode-0 {channel.Id}", await tokens.NextLossAsync());
        }
        catch (TimeoutException)
        {
            Assert.Fail($"seed {seed}, {plan}: the gateway never heard of the channel's end. A {pair.A.Counters}, B {pair.B.Counters}, {pair.B.Incoming}, {string.Join("; ", pair.Log.Ends)}; {string.Join("; ", pair.Log.Faults)}");
        }

        await pair.A.DisposeAsync();
        await pair.B.DisposeAsync();
        await done.CancelAsync();
        await clock;

        string what = $"seed {seed}, {plan}, A {pair.A.Counters}, B {pair.B.Counters}, {string.Join("; ", pair.Log.Ends)}";
        Assert.True(!committed || kv.IsCommitted, $"the sender took for committed what was not: {what}");
        Assert.Null(kv.Fault);
        int[] arrived = tokens.TokensOf(channel.Id);
        Assert.Equal(Enumerable.Range(0, arrived.Length), arrived);
        Assert.Equal((0, 0), pair.B.Incoming);
        Assert.Equal((0, 0), (pair.A.Counters.StreamsOpen, pair.B.Counters.StreamsOpen));
        Assert.Equal((0, 0), (pair.A.Counters.Connections, pair.B.Counters.Connections));
        Assert.Empty(pair.Log.Faults);
        return new RunResult(transport.Happened, committed, arrived.Length, pair.B.Counters.TokenResumes, pair.A.Counters.ProtocolErrors + pair.B.Counters.ProtocolErrors);
    }

    private static async Task<bool> PushAsync(WireDataPlane from, string to, Guid ticket, KvCheck kv)
    {
        try
        {
            await using IKvPush push = from.OpenKvPush(to, "decode-0", ticket);
            for (int block = 0; block < KvCheck.Blocks; block++)
            {
                await push.PushAsync(0, block, kv.Payload(block), default);
            }

            await push.CommitAsync(default);
            return true;
        }
        catch (Exception e) when (e is PeerUnreachableException or KvTransferException)
        {
            return false;
        }
    }

    private static async Task PassAsync(ManualTime time, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            time.Advance(TimeSpan.FromMilliseconds(40));
            await Task.Delay(1, CancellationToken.None);
        }
    }

    private sealed record RunResult(bool Happened, bool Committed, int Tokens, long Resumes, long ProtocolErrors);

    /// <summary>A decode worker that takes the blocks of one ticket, each once, and commits when all are there.</summary>
    private sealed class KvCheck : BlockReceiver
    {
        public const int Blocks = 12;

        private readonly KvReception _reception = new(Guid.Empty, 1, 0, Blocks, Size);
        private readonly byte[][] _payloads = [.. Enumerable.Range(0, Blocks).Select(block =>
        {
            byte[] payload = new byte[Size];
            new Random(block).NextBytes(payload);
            return payload;
        })];

        private const int Size = 5000;

        public string? Fault { get; private set; }

        public bool IsCommitted => _reception.Committed;

        public byte[] Payload(int block) => _payloads[block];

        protected override void OnBlock(Guid ticket, int layer, int block, ReadOnlySpan<byte> payload)
        {
            _reception.Accept(KvPart.Whole(layer, block, payload.Length), payload.Length);
            Fault ??= payload.SequenceEqual(_payloads[block]) ? null : $"block {block} is not what was sent";
        }

        public override void OnCommit(Guid ticket) => _reception.Commit();

        public override void OnAbort(Guid ticket, string reason) => Fault ??= _reception.Committed ? $"aborted after the commit: {reason}" : null;
    }
}
