using Grpc.Core;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.Inference;

[Collection(ServerCollection.Name)]
public sealed class CancellationTests(ServerFixture server)
{
    private const int Streams = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Chat_Cancelled_FreesItsBlocksBeforeItsEnd()
    {
        Scrape before = await Scrape.FetchAsync(server.HttpAddress);
        using CancellationTokenSource cancel = new();
        AsyncServerStreamingCall<GenerateResponse>[] calls =
            [.. Enumerable.Range(0, Streams).Select(_ => server.Client.Chat(Questions.Endless(), cancellationToken: cancel.Token))];
        await Task.WhenAll(calls.Select(ReadSomeAsync));
        await server.PollAsync(
            cluster => cluster.Workers.Any(worker => worker is { Role: Worker.Types.Role.Decode, KvBlocksUsed: >= Streams, RunningRequests: > 0 }),
            Limit,
            "held blocks");

        await cancel.CancelAsync();

        foreach (AsyncServerStreamingCall<GenerateResponse> call in calls)
        {
            RpcException end = await Assert.ThrowsAsync<RpcException>(() => DrainAsync(call));
            Assert.Equal(StatusCode.Cancelled, end.StatusCode);
            call.Dispose();
        }

        await server.WaitUntilIdleAsync();
        Scrape after = await Scrape.FetchAsync(server.HttpAddress);
        Assert.Equal(Streams, Increase("orleansserve_requests_total", ("outcome", "cancelled")));
        Assert.Equal(0, Increase("orleansserve_requests_total", ("outcome", "length")));
        Assert.InRange(Increase("orleansserve_completion_tokens_total"), Streams, (Streams * Questions.EndlessTokens) - 1);

        double Increase(string name, params ReadOnlySpan<(string, string)> labels) => after.Sum(name, labels) - before.Sum(name, labels);
    }

    [Fact]
    public async Task Chat_StreamDisposed_FreesItsBlocks()
    {
        using (AsyncServerStreamingCall<GenerateResponse> call = server.Client.Chat(Questions.Endless()))
        {
            await ReadSomeAsync(call);
        }

        await server.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Chat_DeadlinePasses_FreesItsBlocks()
    {
        Scrape before = await Scrape.FetchAsync(server.HttpAddress);

        // A single answer can be done by then.
        ChatRequest request = Questions.Endless();
        request.Sampling.N = 16;
        using AsyncServerStreamingCall<GenerateResponse> call = server.Client.Chat(request, deadline: DateTime.UtcNow.AddMilliseconds(150));

        RpcException end = await Assert.ThrowsAsync<RpcException>(() => DrainAsync(call));

        Assert.Equal(StatusCode.DeadlineExceeded, end.StatusCode);
        await server.WaitUntilIdleAsync();
        Scrape after = await Scrape.FetchAsync(server.HttpAddress);
        Assert.Equal(before.Sum("orleansserve_requests_total", ("outcome", "length")), after.Sum("orleansserve_requests_total", ("outcome", "length")));
    }

    private static async Task ReadSomeAsync(AsyncServerStreamingCall<GenerateResponse> call)
    {
        for (int deltas = 0; deltas < 3;)
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            deltas += call.ResponseStream.Current.EventCase == GenerateResponse.EventOneofCase.Delta ? 1 : 0;
        }
    }

    private static async Task DrainAsync(AsyncServerStreamingCall<GenerateResponse> call)
    {
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
        }
    }
}
