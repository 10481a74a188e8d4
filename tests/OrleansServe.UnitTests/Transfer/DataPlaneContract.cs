using OrleansServe.Transfer;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Transfer;

/// <summary>What every data plane does, over whatever it goes. What one way does within a call another does a moment later, so that nothing is looked at before it is waited for.</summary>
public abstract class DataPlaneContract
{
    private static readonly Guid Ticket = Guid.Parse("0123456789abcdef0123456789abcdef");

    /// <summary>The sending silo.</summary>
    protected abstract IDataPlane A { get; }

    /// <summary>The receiving silo.</summary>
    protected abstract IDataPlane B { get; }

    /// <summary>Cuts a silo off, as its death would.</summary>
    protected abstract void Kill(IDataPlane plane);

    [Fact]
    public async Task KvPush_Commit_DeliversEverythingInOrderAndEndsThePush()
    {
        KvLog log = new();
        B.RegisterKv("decode-0", log);
        await using IKvPush push = A.OpenKvPush(B.Address, "decode-0", Ticket);
        await push.PushAsync(3, 5, new byte[] { 1, 2 }, default);
        await push.PushAsync(0, 6, new byte[] { 3 }, default);
        await push.CommitAsync(default);
        await log.ExpectAsync(Ticket, "block 3 5 0102", "block 0 6 03", "commit");
        await Assert.ThrowsAsync<KvTransferException>(async () => await push.PushAsync(0, 0, new byte[1], default));
        await push.AbortAsync("late");
        log.AssertNothingMore();
    }

    [Fact]
    public async Task KvPush_LargePayloads_ArriveUnchangedAndMayBeReusedAtOnce()
    {
        KvSums sums = new();
        B.RegisterKv("decode-0", sums);
        await using IKvPush push = A.OpenKvPush(B.Address, "decode-0", Ticket);
        byte[] payload = new byte[3_000_001];
        for (int block = 0; block < 12; block++)
        {
            new Random(block).NextBytes(payload);
            sums.Expect(block, payload);
            await push.PushAsync(0, block, payload, default);
            payload.AsSpan().Clear();
        }

        await push.CommitAsync(default);
        Assert.Equal(12, sums.Matches);
    }

    [Fact]
    public async Task KvPush_BlockRefused_FailsWithItsReasonAndAbortsOnce()
    {
        KvLog log = new() { RefusedBlock = 1 };
        B.RegisterKv("decode-0", log);
        await using (IKvPush push = A.OpenKvPush(B.Address, "decode-0", Ticket))
        {
            KvTransferException refusal = await Assert.ThrowsAsync<KvTransferException>(async () =>
            {
                await push.PushAsync(0, 1, new byte[8], default);
                await push.CommitAsync(default);
            });
            Assert.Contains("block 1 is not wanted", refusal.Message, StringComparison.Ordinal);
            Assert.Equal(Ticket, refusal.Ticket);
            await push.AbortAsync("refused");
        }

        await log.ExpectAsync(Ticket, "abort");
        log.AssertNothingMore();
    }

    [Fact]
    public async Task KvPush_CommitRefused_AbortsOnce()
    {
        KvLog log = new() { RefusesCommit = true };
        B.RegisterKv("decode-0", log);
        await using (IKvPush push = A.OpenKvPush(B.Address, "decode-0", Ticket))
        {
            await Assert.ThrowsAsync<KvTransferException>(async () => await push.CommitAsync(default));
            await push.AbortAsync("refused");
        }

        await log.ExpectAsync(Ticket, "abort");
        log.AssertNothingMore();
    }

    [Fact]
    public async Task KvPush_DisposedBeforeCommit_Aborts()
    {
        KvLog log = new();
        B.RegisterKv("decode-0", log);
        await using (IKvPush push = A.OpenKvPush(B.Address, "decode-0", Ticket))
        {
            await push.PushAsync(0, 0, new byte[1], default);
        }

        await log.ExpectAsync(Ticket, "block 0 0 00", "abort");
        log.AssertNothingMore();
    }

    [Fact]
    public async Task KvPush_ReceiverAborts_SenderHearsWhyAndTheReceiverNothing()
    {
        KvLog log = new();
        IKvRegistration registration = B.RegisterKv("decode-0", log);
        await using IKvPush push = A.OpenKvPush(B.Address, "decode-0", Ticket);
        await push.PushAsync(0, 0, new byte[1], default);
        await log.ExpectAsync(Ticket, "block 0 0 00");
        registration.Abort(Ticket, "the reservation expired");
        KvTransferException refusal = await Assert.ThrowsAsync<KvTransferException>(async () => await push.CommitAsync(default));
        Assert.Contains("the reservation expired", refusal.Message, StringComparison.Ordinal);
        log.AssertNothingMore();
    }

    [Fact]
    public async Task KvPush_UnknownDevice_IsRefused()
    {
        B.RegisterKv("decode-1", new KvLog());
        Exception fault = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using IKvPush push = A.OpenKvPush(B.Address, "decode-0", Ticket);
            await push.CommitAsync(default);
        });
        Assert.True(fault is PeerUnreachableException or KvTransferException, fault.ToString());
        Assert.Contains("decode-0", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_Sender_AbortsItsPushesAndTellsTheGateway()
    {
        KvLog log = new();
        TokenRecorder tokens = new();
        B.RegisterKv("decode-0", log);
        B.RegisterTokens(tokens);
        await using IKvPush push = A.OpenKvPush(B.Address, "decode-0", Ticket);
        using ITokenChannel channel = A.OpenTokens(B.Address, "a/decode-0");
        await push.PushAsync(0, 0, new byte[1], default);
        channel.Send(Frame(1));
        await log.ExpectAsync(Ticket, "block 0 0 00");
        await tokens.NextAsync();
        Kill(A);
        await log.ExpectAsync(Ticket, "abort");
        Assert.Equal($"lost a/decode-0 {channel.Id}", await tokens.NextAsync());
        await Assert.ThrowsAsync<PeerUnreachableException>(async () => await push.CommitAsync(default));
    }

    [Fact]
    public async Task Kill_Receiver_FailsPushesAndBatches()
    {
        B.RegisterKv("decode-0", new KvLog());
        B.RegisterExperts("expert-0", new Doubler());
        await using IKvPush push = A.OpenKvPush(B.Address, "decode-0", Ticket);
        using IExpertChannel experts = A.OpenExperts(B.Address, "expert-0");
        await push.PushAsync(0, 0, new byte[1], default);
        Assert.Null(Run(experts, 1, [1, 2]).Error);
        Kill(B);
        await Assert.ThrowsAsync<PeerUnreachableException>(async () => await push.CommitAsync(default));
        Assert.NotNull(Run(experts, 1, [1, 2]).Error);
    }

    [Fact]
    public void Experts_Batch_ComesBackComputed()
    {
        B.RegisterExperts("expert-0", new Doubler());
        using IExpertChannel channel = A.OpenExperts(B.Address, "expert-0");
        Assert.Equal([2, 4, 6, 8], Run(channel, 1, [1, 2, 3, 4]).Outputs);
        float[] many = [.. Enumerable.Range(0, 500_000).Select(i => (float)i)];
        Assert.Equal(many.Select(value => value * 2), Run(channel, 2, many).Outputs);
    }

    [Fact]
    public void Experts_ShardFails_SaysWhy()
    {
        B.RegisterExperts("expert-0", new Doubler());
        using IExpertChannel channel = A.OpenExperts(B.Address, "expert-0");
        Assert.Contains("no such layer", Run(channel, 99, [1, 2]).Error, StringComparison.Ordinal);
        Assert.Null(Run(channel, 1, [1, 2]).Error);
    }

    [Fact]
    public async Task Tokens_Frames_ArriveWholeAndInOrder()
    {
        TokenRecorder tokens = new();
        B.RegisterTokens(tokens);
        using ITokenChannel channel = A.OpenTokens(B.Address, "a/decode-0");
        TokenFrame frame = new();
        frame.Add(Ticket, 1, 7, -0.5f, [7, 8], [-0.5f, -1.5f], TokenStreamEnd.None, TokenOrigin.Step(3));
        frame.Add(Guid.Empty, 4, 9, -2, [], [], TokenStreamEnd.StopToken, TokenOrigin.Draft);
        channel.Send(frame);
        frame.Clear();
        frame.AddFailure(Ticket, 2, "out of KV");
        channel.Send(frame);
        Assert.Equal($"{Ticket:N} 1 7 -0.5 [7:-0.5,8:-1.5] None 3 ", await tokens.NextAsync());
        Assert.Equal($"{Guid.Empty:N} 4 9 -2 [] StopToken draft ", await tokens.NextAsync());
        Assert.Equal($"{Ticket:N} 2 0 0 [] Failed 0 out of KV", await tokens.NextAsync());
        Assert.True(channel.IsOpen);
    }

    [Fact]
    public async Task Tokens_Disposed_TellsTheGatewayBehindTheLastFrame()
    {
        TokenRecorder tokens = new();
        B.RegisterTokens(tokens);
        TokenChannelId id;
        using (ITokenChannel channel = A.OpenTokens(B.Address, "a/decode-0"))
        {
            id = channel.Id;
            for (int i = 0; i < 200; i++)
            {
                channel.Send(Frame(i));
            }
        }

        Assert.Equal($"lost a/decode-0 {id}", await tokens.NextLossAsync());
        Assert.Equal(Enumerable.Range(0, 200), tokens.TokensOf(id));
    }

    [Fact]
    public async Task Tokens_TwoChannelsOfOneWorker_AreToldApart()
    {
        TokenRecorder tokens = new();
        B.RegisterTokens(tokens);
        ITokenChannel first = A.OpenTokens(B.Address, "a/decode-0");
        using ITokenChannel second = A.OpenTokens(B.Address, "a/decode-0");
        Assert.NotEqual(first.Id, second.Id);
        first.Dispose();
        Assert.Equal($"lost a/decode-0 {first.Id}", await tokens.NextAsync());
        second.Send(Frame(5));
        Assert.Contains(" 5 5 ", await tokens.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Register_DeviceTaken_ThrowsUntilDisposed()
    {
        IDisposable registration = B.RegisterExperts("expert-0", new Doubler());
        Assert.Throws<InvalidOperationException>(() => B.RegisterExperts("expert-0", new Doubler()));
        registration.Dispose();
        B.RegisterExperts("expert-0", new Doubler()).Dispose();
        IDisposable kv = B.RegisterKv("decode-0", new KvLog());
        Assert.Throws<InvalidOperationException>(() => B.RegisterKv("decode-0", new KvLog()));
        kv.Dispose();
        B.RegisterKv("decode-0", new KvLog()).Dispose();
    }

    [Fact]
    public async Task Self_Everything_ReachesTheSilosOwnReceivers()
    {
        KvLog log = new();
        TokenRecorder tokens = new();
        A.RegisterKv("decode-0", log);
        A.RegisterExperts("expert-0", new Doubler());
        A.RegisterTokens(tokens);
        await using IKvPush push = A.OpenKvPush(A.Address, "decode-0", Ticket);
        await push.CommitAsync(default);
        await log.ExpectAsync(Ticket, "commit");
        using IExpertChannel experts = A.OpenExperts(A.Address, "expert-0");
        Assert.Equal([2], Run(experts, 0, [1]).Outputs);
        using ITokenChannel channel = A.OpenTokens(A.Address, "a/decode-0");
        channel.Send(Frame(3));
        Assert.Contains(" 3 3 ", await tokens.NextAsync(), StringComparison.Ordinal);
    }

    internal static TokenFrame Frame(int index)
    {
        TokenFrame frame = new();
        frame.Add(Ticket, index, index, -1, [], [], TokenStreamEnd.None);
        return frame;
    }

    private static (string? Error, float[] Outputs) Run(IExpertChannel channel, int layer, float[] rows)
    {
        ExpertBatch batch = new();
        batch.Begin(layer, rows.Length, 1);
        rows.CopyTo(batch.Rows);
        channel.Send(batch);
        string? error = batch.Wait(Limits.Patience, default);
        return (error, batch.Outputs.ToArray());
    }
}
