using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Gateway.Tokens;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Tokens;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Tokens;

public sealed class TokenRouterTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly InProcessDataPlane _gateway;
    private readonly InProcessDataPlane _worker;
    private readonly TokenRouter _router;

    public TokenRouterTests()
    {
        InProcessNetwork network = new();
        _gateway = network.Join("gateway");
        _worker = network.Join("worker");
        _router = new TokenRouter(_gateway, TimeProvider.System, TimeSpan.FromMinutes(10), NullLogger<TokenRouter>.Instance);
    }

    public void Dispose() => _router.Dispose();

    // More sessions than one delivery takes, and not a multiple of it.
    [Theory]
    [InlineData(1)]
    [InlineData(TokenDelivery.MostSessions)]
    [InlineData((3 * TokenDelivery.MostSessions) + 7)]
    public async Task OnFrame_ManySessions_EachGetsAllOfItsTokens(int sessions)
    {
        const int Tokens = 3000;
        TokenInbox[] inboxes = [.. Enumerable.Range(0, sessions).Select(_ => new TokenInbox(Guid.NewGuid(), "worker/decode-0", 0, Tokens, 0))];
        Task<int>[] readers = [.. inboxes.Select(inbox => Task.Run(() => ReadAsync(inbox)))];
        Array.ForEach(inboxes, _router.Open);
        using ITokenChannel channel = _worker.OpenTokens(_gateway.Address, "worker/decode-0");

        TokenFrame frame = new();
        for (int i = 0; i < Tokens; i++)
        {
            frame.Clear();
            foreach (TokenInbox inbox in inboxes)
            {
                frame.Add(inbox.RequestId, i, i, 0, [], [], i == Tokens - 1 ? TokenStreamEnd.Length : TokenStreamEnd.None);
            }

            channel.Send(frame);
        }

        int[] read = await Task.WhenAll(readers).WaitAsync(Limit);
        Assert.All(read, tokens => Assert.Equal(Tokens, tokens));
        Assert.All(inboxes, inbox => Assert.Equal(InboxEnd.Finished, inbox.End));
    }

    [Fact]
    public async Task OnFrame_OneSessionIsCancelledMeanwhile_OthersGetTheirTokens()
    {
        for (int round = 0; round < 500; round++)
        {
            TokenInbox gone = new(Guid.NewGuid(), "worker/decode-0", 0, 2, 0);
            TokenInbox stays = new(Guid.NewGuid(), "worker/decode-0", 0, 2, 0);
            Task<int> left = ReadAsync(gone);
            Task<int> right = ReadAsync(stays);
            _router.Open(gone);
            _router.Open(stays);
            using ITokenChannel channel = _worker.OpenTokens(_gateway.Address, "worker/decode-0");
            TokenFrame frame = new();
            frame.Add(gone.RequestId, 0, 1, 0, [], [], TokenStreamEnd.None);
            frame.Add(stays.RequestId, 0, 1, 0, [], [], TokenStreamEnd.Length);

            Task cancel = Task.Run(() => gone.Stop(InboxEnd.Cancelled, string.Empty));
            channel.Send(frame);
            await cancel;

            Assert.InRange(await left.WaitAsync(Limit), 0, 1);
            Assert.Equal(1, await right.WaitAsync(Limit));
            _router.Close(gone);
            _router.Close(stays);
        }
    }

    private static async Task<int> ReadAsync(TokenInbox inbox)
    {
        int tokens = 0;
        while (await inbox.TakeAsync(0) is { Count: > 0 } batch)
        {
            tokens += batch.Count;
        }

        return tokens;
    }
}
