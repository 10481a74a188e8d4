using Grpc.Core;
using Grpc.Net.Client;
using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>What one connection to a server may carry.</summary>
public sealed class ConnectionTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Generate_MoreStreamsThanServersUsuallyGrantAConnection_AllAreInWork()
    {
        const int Streams = 150;
        await using ServerFixture server = await ServerFixture.StartAsync(defaults => defaults with
        {
            MaxRequests = 2,
            Serving = defaults.Serving with { MaxConcurrentRequests = Streams, MaxQueuedRequests = Streams },
        });
        using SocketsHttpHandler one = new() { EnableMultipleHttp2Connections = false };
        using GrpcChannel channel = GrpcChannel.ForAddress(server.GrpcAddress, new GrpcChannelOptions { HttpHandler = one });
        InferenceService.InferenceServiceClient client = new(channel);
        using CancellationTokenSource cancel = new();
        Task[] calls = [.. Enumerable.Range(0, Streams).Select(_ => ReadAsync(client.Generate(Questions.Endless(), cancellationToken: cancel.Token)))];

        await server.PollAsync(_ => server.Host.RunningRequests == Streams, Limit, $"{Streams} requests in work");

        // One more is told that it is too many, over the same connection, and the cluster is still seen.
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            using AsyncServerStreamingCall<GenerateResponse> more = client.Generate(Questions.Endless(), cancellationToken: cancel.Token);
            await more.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Limit);
        });
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.NotEmpty((await client.GetClusterAsync(new GetClusterRequest()).ResponseAsync.WaitAsync(Limit)).Workers);

        await cancel.CancelAsync();
        await Task.WhenAll(calls).WaitAsync(Limit);
        await server.WaitUntilIdleAsync();
    }

    private static async Task ReadAsync(AsyncServerStreamingCall<GenerateResponse> call)
    {
        using (call)
        {
            RpcException ended = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                {
                }
            });
            Assert.Equal(StatusCode.Cancelled, ended.StatusCode);
        }
    }
}
