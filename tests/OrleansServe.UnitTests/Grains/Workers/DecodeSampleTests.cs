using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>Several samples of one prompt on a decode worker.</summary>
public sealed class DecodeSampleTests : IDisposable
{
    private const int Prompt = 70;
    private readonly WorkerRig _rig = new();
    private readonly InProcessNetwork _network = new();
    private readonly InProcessDataPlane _peer;
    private readonly SampleLog _log = new();

    public DecodeSampleTests()
    {
        _peer = _network.Join("peer");
        _peer.RegisterTokens(_log);
    }

    public void Dispose()
    {
        _rig.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task Decode_Samples_ShareThePromptsFullBlocksAndNothingElse()
    {
        WatchedEngine engine = _rig.Engine();
        List<int[]> tables = [];
        engine.Stepping = plan =>
        {
            for (int i = 0; i < plan.Count && plan.Count == 4; i++)
            {
                tables.Add(plan[i].Blocks.Span[..2].ToArray());
            }
        };
        await using DecodeWorker worker = Start(engine);
        KvTicket ticket = await ReserveAsync(worker, 4);
        Assert.True((await worker.DecodeAsync(Decode(ticket))).Accepted);
        await SendAsync(ticket);
        await _log.WaitAsync(4);

        Assert.NotEmpty(tables);
        Assert.Single(tables.Select(table => table[0]).Distinct());
        Assert.Equal(4, tables.Take(4).Select(table => table[1]).Distinct().Count());
        Assert.Equal([9, 10, 10, 10], Enumerable.Range(0, 4).Select(sample => _log.Tokens[SampleId.Of(ticket.RequestId, sample)].Count));
        Assert.All(_log.Ends.Values, end => Assert.Equal(TokenStreamEnd.Length, end));
        Assert.Equal(0, (await worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    [Fact]
    public async Task Decode_OneSampleMore_ChangesNoBitOfTheOthers()
    {
        await using DecodeWorker worker = Start(_rig.Engine(32));
        List<(int, int)>[] before = [];
        for (int samples = 1; samples <= 5; samples++)
        {
            KvTicket ticket = await ReserveAsync(worker, samples);
            Assert.True((await worker.DecodeAsync(Decode(ticket))).Accepted);
            await SendAsync(ticket);
            await _log.WaitAsync(samples);
            List<(int, int)>[] now = [.. Enumerable.Range(0, samples).Select(sample => _log.Tokens[SampleId.Of(ticket.RequestId, sample)])];
            Assert.Equal(before, now[..^1]);
            before = now;
        }

        Assert.Equal(5, before.Select(tokens => string.Join(',', tokens)).Distinct().Count());
    }

    [Fact]
    public async Task Decode_FirstTokenEndsSampleZero_TheOthersGoOn()
    {
        await using DecodeWorker worker = Start(_rig.Engine());
        KvTicket ticket = await ReserveAsync(worker, 3);
        Assert.True((await worker.DecodeAsync(Decode(ticket) with { StopTokens = [3] })).Accepted);
        await SendAsync(ticket);
        await _log.WaitAsync(2);

        Assert.Equal(Names(ticket, 1, 2), _log.Tokens.Keys.ToHashSet());
        Assert.Equal(0, (await worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    [Fact]
    public async Task Decode_OneTokenEach_GivesTheOthersTheirs()
    {
        await using DecodeWorker worker = Start(_rig.Engine());
        KvTicket ticket = await ReserveAsync(worker, 3, maxTokens: 1);
        Assert.True((await worker.DecodeAsync(Decode(ticket))).Accepted);
        await SendAsync(ticket);
        await _log.WaitAsync(2);

        Assert.Equal(Names(ticket, 1, 2), _log.Tokens.Keys.ToHashSet());
        Assert.All(_log.Tokens.Values, tokens => Assert.Single(tokens));
        Assert.Equal(0, (await worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    [Fact]
    public async Task ReleaseSample_ZeroBeforeItsKvIsThere_LetsTheOthersBegin()
    {
        await using DecodeWorker worker = Start(_rig.Engine());
        KvTicket ticket = await ReserveAsync(worker, 3);
        Assert.True((await worker.DecodeAsync(Decode(ticket))).Accepted);
        await worker.ReleaseSampleAsync(ticket.RequestId, 0);
        await SendAsync(ticket);
        await _log.WaitAsync(2);

        Assert.Equal(Names(ticket, 1, 2), _log.Tokens.Keys.ToHashSet());
        Assert.Equal(0, (await worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    [Fact]
    public async Task Commit_BlocksMissing_EndsEverySample()
    {
        await using DecodeWorker worker = Start(_rig.Engine());
        KvTicket ticket = await ReserveAsync(worker, 3);
        Assert.True((await worker.DecodeAsync(Decode(ticket))).Accepted);
        IKvPush push = _peer.OpenKvPush("inproc://silo", "decode-0", ticket.Id);
        await Assert.ThrowsAsync<KvTransferException>(async () => await push.CommitAsync(default));
        await _log.WaitAsync(3);

        Assert.All(_log.Errors, error => Assert.Contains("layer blocks missing", error, StringComparison.Ordinal));
        Assert.Equal(0, (await worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    public async Task Reserve_SamplesOutOfRange_IsRefused(int samples)
    {
        await using DecodeWorker worker = Start(_rig.Engine());
        ReserveResult result = await worker.ReserveAsync(Reserve(samples, 10));

        Assert.Equal((null, $"a request has 1..16 samples, not {samples}", false), (result.Ticket, result.Refusal, result.Retryable));
    }

    [Fact]
    public async Task Reserve_TooFewBlocksForAllToBegin_IsRefusedWithTheNumbers()
    {
        await using DecodeWorker worker = Start(_rig.Engine(4));
        ReserveResult result = await worker.ReserveAsync(Reserve(4, 10));

        Assert.Equal("a prompt of 70 tokens, max_tokens 10 and n 4 need 5 KV blocks; worker silo/decode-0 has 4", result.Refusal);
        Assert.Equal(0, (await worker.CheckIntegrityAsync()).KvBlocksUsed);
    }

    [Fact]
    public async Task Reserve_BlocksAreTaken_SaysThatThereIsNoRoomNow()
    {
        await using DecodeWorker worker = Start(_rig.Engine(6));
        await ReserveAsync(worker, 2);
        await ReserveAsync(worker, 2);
        ReserveResult full = await worker.ReserveAsync(Reserve(2, 60));
        Assert.Equal(("worker silo/decode-0 has 2 of the 3 KV blocks needed, or others wait for them", true, true), (full.Refusal, full.Retryable, full.NoRoom));

        ReserveResult never = await worker.ReserveAsync(Reserve(6, 60));
        Assert.Equal(("a prompt of 70 tokens, max_tokens 60 and n 6 need 7 KV blocks; worker silo/decode-0 has 6", false), (never.Refusal, never.NoRoom));
    }

    [Fact]
    public async Task Decode_SettingsThatTheEngineWouldRefuse_AreRefusedBeforeTheyReachIt()
    {
        await using DecodeWorker worker = Start(_rig.Engine());
        KvTicket ticket = await ReserveAsync(worker, 2);
        DecodeRequest request = Decode(ticket);
        foreach (SamplingSettings settings in (SamplingSettings[])
            [
                request.Sampling with { RepetitionPenalty = float.NaN },
                request.Sampling with { LogitBias = [new TokenBias(100_000, 1)] },
                request.Sampling with { TokenLimit = 100_000 },
                request.Sampling with { TopLogprobs = 100_000 },
            ])
        {
            DecodeResult result = await worker.DecodeAsync(request with { Sampling = settings });
            Assert.Equal((false, false), (result.Accepted, result.Retryable));
            Assert.Contains("must be", result.Error, StringComparison.Ordinal);
        }

        Assert.True((await worker.DecodeAsync(request)).Accepted);
        await SendAsync(ticket);
        await _log.WaitAsync(2);
    }

    [Fact]
    public async Task Decode_SamplesReleasedAtRandom_LeakNothing()
    {
        await using DecodeWorker worker = Start(_rig.Engine(24));
        Random random = new(8);
        List<KvTicket> tickets = [];
        for (int round = 0; round < 200; round++)
        {
            if (random.Next(3) == 0 && (await worker.ReserveAsync(Reserve(random.Next(1, 6), random.Next(2, 60)))).Ticket is { } reserved)
            {
                tickets.Add(reserved);
            }
            else if (tickets.Count > 0)
            {
                KvTicket ticket = tickets[random.Next(tickets.Count)];
                switch (random.Next(5))
                {
                    case 0:
                        await worker.DecodeAsync(Decode(ticket) with { StopTokens = random.Next(2) == 0 ? [3] : [] });
                        break;
                    case 1:
                        await SendUnlessGoneAsync(ticket);
                        break;
                    case 2:
                        await worker.ReleaseAsync(ticket.RequestId);
                        break;
                    default:
                        await worker.ReleaseSampleAsync(ticket.RequestId, random.Next(6));
                        break;
                }
            }

            await worker.CheckIntegrityAsync();
        }

        foreach (KvTicket ticket in tickets)
        {
            await worker.ReleaseAsync(ticket.RequestId);
        }

        WorkerLoad load = await worker.CheckIntegrityAsync();
        Assert.Equal((0, 0, 0), (load.KvBlocksUsed, load.RunningRequests, load.QueuedRequests));
    }

    private static HashSet<Guid> Names(KvTicket ticket, params int[] samples) => [.. samples.Select(sample => SampleId.Of(ticket.RequestId, sample))];

    private static ReserveRequest Reserve(int samples, int maxTokens) =>
        new(Guid.NewGuid(), [.. Enumerable.Range(0, Prompt).Select(i => i % 50)], [], maxTokens, WorkerRig.KvFormatHex, SchedulingSettings.Default) { Samples = samples };

    private static DecodeRequest Decode(KvTicket ticket) =>
        new(ticket.Id, ticket.RequestId, 3, new SamplingSettings(1.5f, 1, 0, 0, 9, 0) { PromptTokens = Prompt }, ImmutableArray<int>.Empty, "inproc://peer");

    private DecodeWorker Start(IEngine engine)
    {
        DecodeWorker worker = new(new WorkerId("silo", "decode-0"), engine, _rig.Context(_network.Join("silo")));
        worker.Start();
        return worker;
    }

    private static async Task<KvTicket> ReserveAsync(DecodeWorker worker, int samples, int maxTokens = 10)
    {
        ReserveResult reserved = await worker.ReserveAsync(Reserve(samples, maxTokens));
        Assert.Null(reserved.Refusal);
        return reserved.Ticket!;
    }

    private async Task SendUnlessGoneAsync(KvTicket ticket)
    {
        try
        {
            await SendAsync(ticket);
        }
        catch (KvTransferException)
        {
            // Released, or sent before.
        }
    }

    private async Task SendAsync(KvTicket ticket)
    {
        byte[] block = new byte[_rig.BytesPerBlockLayer];
        await using IKvPush push = _peer.OpenKvPush("inproc://silo", "decode-0", ticket.Id);
        for (int layer = 0; layer < _rig.Layers; layer++)
        {
            for (int i = ticket.HeldBlocks; i < ticket.Blocks; i++)
            {
                await push.PushAsync(layer, i, block, default);
            }
        }

        await push.CommitAsync(default);
    }
}
