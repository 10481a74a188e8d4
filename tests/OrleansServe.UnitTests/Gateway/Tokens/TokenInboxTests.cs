using OrleansServe.Gateway.Tokens;
using OrleansServe.Transfer.Tokens;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Tokens;

public sealed class TokenInboxTests
{
    private static readonly Guid Request = Guid.Parse("00000000-0000-0000-0000-000000000001");
    private readonly TokenInbox _inbox = new(Request, "n/decode-0", firstIndex: 1, limit: 10, now: 0);

    [Fact]
    public async Task TakeAsync_TokensThere_GivesAllInOrder()
    {
        Offer(1, 100);
        Offer(2, 200);

        TokenBatch batch = await _inbox.TakeAsync(0);

        Assert.Equal([100, 200], batch.Tokens.ToArray().Select(token => token.Token));
    }

    [Fact]
    public async Task TakeAsync_NothingThere_WaitsForTheNext()
    {
        ValueTask<TokenBatch> take = _inbox.TakeAsync(0);
        Assert.False(take.IsCompleted);
        Offer(1, 100);

        TokenBatch batch = await take;

        Assert.Equal(100, Assert.Single(batch.Tokens.ToArray()).Token);
    }

    [Fact]
    public void TakeAsync_WhileAnotherWaits_Throws()
    {
        _ = _inbox.TakeAsync(0).AsTask();

        Assert.Throws<InvalidOperationException>(() => _inbox.TakeAsync(0).AsTask().Wait());
    }

    [Fact]
    public async Task Offer_TheSameTokenTwice_ShowsItOnce()
    {
        Offer(1, 100);
        Offer(1, 101);
        Offer(0, 99);
        Offer(2, 200);

        TokenBatch batch = await _inbox.TakeAsync(0);

        Assert.Equal([100, 200], batch.Tokens.ToArray().Select(token => token.Token));
        Assert.Equal(2, _inbox.Duplicates);
        Assert.Equal(InboxEnd.None, _inbox.End);
    }

    [Fact]
    public async Task Offer_ATokenIsMissing_ShowsWhatCameBeforeAndEnds()
    {
        Offer(1, 100);
        Offer(3, 300);
        Offer(2, 200);

        Assert.Equal([100], (await _inbox.TakeAsync(0)).Tokens.ToArray().Select(token => token.Token));
        Assert.Equal(0, (await _inbox.TakeAsync(0)).Count);
        Assert.Equal(InboxEnd.OutOfOrder, _inbox.End);
        Assert.Equal("Worker n/decode-0 sent token 3 where token 2 of at most 10 was due.", _inbox.Fault);
    }

    [Fact]
    public async Task Offer_MoreThanWasAskedFor_Ends()
    {
        for (int index = 1; index <= 10; index++)
        {
            Offer(index, index);
        }

        Assert.Equal(9, (await _inbox.TakeAsync(0)).Count);
        Assert.Equal(InboxEnd.OutOfOrder, _inbox.End);
    }

    [Fact]
    public async Task Offer_LastToken_EndsAfterIt()
    {
        Offer(1, 100, TokenStreamEnd.StopToken);
        Offer(2, 200);

        TokenBatch batch = await _inbox.TakeAsync(0);
        Assert.Equal(TokenStreamEnd.StopToken, Assert.Single(batch.Tokens.ToArray()).End);
        Assert.Equal(0, (await _inbox.TakeAsync(0)).Count);
        Assert.Equal(InboxEnd.Finished, _inbox.End);
    }

    [Fact]
    public async Task Offer_Failure_SaysWhy()
    {
        TokenFrame frame = new();
        frame.AddFailure(Request, 1, "out of blocks");
        _inbox.Deliver(in frame.Events[0], frame, 0);

        Assert.Equal(0, (await _inbox.TakeAsync(0)).Count);
        Assert.Equal(InboxEnd.WorkerFailed, _inbox.End);
        Assert.Equal("Worker n/decode-0 cannot go on: out of blocks.", _inbox.Fault);
    }

    [Fact]
    public async Task Stop_WorkerLost_ShowsWhatHadCome()
    {
        Offer(1, 100);
        _inbox.Stop(InboxEnd.WorkerLost, "lost");

        Assert.Equal(1, (await _inbox.TakeAsync(0)).Count);
        Assert.Equal(0, (await _inbox.TakeAsync(0)).Count);
        Assert.Equal("lost", _inbox.Fault);
    }

    [Fact]
    public async Task Stop_Cancelled_DropsWhatHadComeAndWakesTheReader()
    {
        ValueTask<TokenBatch> take = _inbox.TakeAsync(0);
        _inbox.Stop(InboxEnd.Cancelled, string.Empty);

        Assert.Equal(0, (await take).Count);
        Assert.Equal(InboxEnd.Cancelled, _inbox.End);
    }

    [Fact]
    public async Task Offer_TopTokens_StayWithTheirToken()
    {
        TokenFrame frame = new();
        frame.Add(Guid.NewGuid(), 1, 9, 0, [8, 7], [-1, -2], TokenStreamEnd.None);
        frame.Add(Request, 1, 5, -0.5f, [5, 6], [-0.5f, -1.5f], TokenStreamEnd.None);
        _inbox.Deliver(in frame.Events[1], frame, 0);
        frame.Clear();
        frame.Add(Request, 2, 6, -0.25f, [6], [-0.25f], TokenStreamEnd.None);
        _inbox.Deliver(in frame.Events[0], frame, 0);

        TokenBatch batch = await _inbox.TakeAsync(0);

        Assert.Equal([5, 6], batch.TopTokens(in batch.Tokens[0]).ToArray());
        Assert.Equal([-0.5f, -1.5f], batch.TopLogprobs(in batch.Tokens[0]).ToArray());
        Assert.Equal([6], batch.TopTokens(in batch.Tokens[1]).ToArray());
    }

    [Fact]
    public void StopIfStalled_ReaderWaitedTooLong_Ends()
    {
        ManualTime time = new();
        TokenInbox inbox = new(Request, "n/d", 1, 10, time.GetTimestamp());
        ValueTask<TokenBatch> take = inbox.TakeAsync(time.GetTimestamp());

        time.Advance(TimeSpan.FromSeconds(4));
        inbox.StopIfStalled(time, time.GetTimestamp(), TimeSpan.FromSeconds(5));
        Assert.False(take.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        inbox.StopIfStalled(time, time.GetTimestamp(), TimeSpan.FromSeconds(5));

        Assert.Equal(InboxEnd.Stalled, inbox.End);
        Assert.Equal("Worker n/d sent nothing for 5 s.", inbox.Fault);
    }

    [Fact]
    public void StopIfStalled_SignOfLifeCame_WaitsOn()
    {
        ManualTime time = new();
        TokenInbox inbox = new(Request, "n/d", 1, 10, time.GetTimestamp());
        ValueTask<TokenBatch> take = inbox.TakeAsync(time.GetTimestamp());
        TokenFrame frame = new();
        frame.AddSignOfLife(Request);
        for (int i = 0; i < 10; i++)
        {
            time.Advance(TimeSpan.FromSeconds(4));
            inbox.Deliver(frame.Events[0], frame, time.GetTimestamp());
            inbox.StopIfStalled(time, time.GetTimestamp(), TimeSpan.FromSeconds(5));
        }

        Assert.False(take.IsCompleted);
        Assert.Equal((InboxEnd.None, 0), (inbox.End, inbox.Duplicates));
    }

    [Fact]
    public void StopIfStalled_NobodyWaits_DoesNothing()
    {
        ManualTime time = new();
        TokenInbox inbox = new(Request, "n/d", 1, 10, time.GetTimestamp());
        time.Advance(TimeSpan.FromHours(1));
        inbox.StopIfStalled(time, time.GetTimestamp(), TimeSpan.FromSeconds(5));

        Assert.Equal(InboxEnd.None, inbox.End);
    }

    [Fact]
    public async Task Offer_SteadyStream_AllocatesNothing()
    {
        const int Tokens = 4096;
        TokenInbox inbox = new(Request, "n/d", 0, Tokens, 0);
        TokenFrame frame = new();
        int[] top = [1, 2];
        float[] logprobs = [-1, -2];
        long allocated = long.MaxValue;
        for (int index = 0; index < Tokens; index++)
        {
            if (index == Tokens / 2)
            {
                allocated = GC.GetAllocatedBytesForCurrentThread();
            }

            frame.Clear();
            frame.Add(Request, index, index, -1, top, logprobs, TokenStreamEnd.None);
            inbox.Deliver(in frame.Events[0], frame, index);
            ValueTask<TokenBatch> take = inbox.TakeAsync(index);
            if (!take.IsCompletedSuccessfully || (await take).Count != 1)
            {
                Assert.Fail($"Token {index} is missing.");
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    [Fact]
    public async Task Offer_WriterAndReaderOnTheirOwnThreads_LosesNothing()
    {
        const int Tokens = 50_000;
        TokenInbox inbox = new(Request, "n/d", 0, Tokens, 0);
        Task writer = Task.Run(() =>
        {
            TokenFrame frame = new();
            for (int index = 0; index < Tokens; index++)
            {
                frame.Clear();
                frame.Add(Request, index, index, 0, [], [], index == Tokens - 1 ? TokenStreamEnd.Length : TokenStreamEnd.None);
                inbox.Deliver(in frame.Events[0], frame, 0);
            }
        });

        int next = 0;
        while (next < Tokens)
        {
            TokenBatch batch = await inbox.TakeAsync(0);
            Assert.NotEqual(0, batch.Count);
            foreach (ReceivedToken token in batch.Tokens.ToArray())
            {
                Assert.Equal(next++, token.Token);
            }
        }

        await writer;
        Assert.Equal(InboxEnd.Finished, inbox.End);
    }

    private void Offer(int index, int token, TokenStreamEnd end = TokenStreamEnd.None)
    {
        TokenFrame frame = new();
        frame.Add(Request, index, token, 0, [], [], end);
        _inbox.Deliver(in frame.Events[0], frame, 0);
    }
}
