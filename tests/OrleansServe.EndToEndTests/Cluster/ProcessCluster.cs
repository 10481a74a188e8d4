using Grpc.Net.Client;

using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Clusters;
using OrleansServe.TestKit.Servers;

using Xunit;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>A Redis, gateways, two prefill and three decode processes on loopback, and what an embedded cluster answers to the same requests.</summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private readonly List<GrpcChannel> _channels = [];

    private ProcessCluster(int gateways)
    {
        Gateways = [.. Enumerable.Range(0, gateways).Select(i => Process($"gateway-{i}", "gateway"))];
        Prefill = [.. Enumerable.Range(0, 2).Select(i => Process($"prefill-{i}", "prefill"))];
        Decode = [.. Enumerable.Range(0, 3).Select(i => Process($"decode-{i}", "decode"))];
        foreach (ClusterProcess gateway in Gateways)
        {
            _channels.Add(GrpcChannel.ForAddress(gateway.GrpcAddress));
        }

        Clients = [.. _channels.Select(channel => new InferenceService.InferenceServiceClient(channel))];
    }

    public RedisServer Redis { get; } = new();

    public IReadOnlyList<ClusterProcess> Gateways { get; }

    public IReadOnlyList<ClusterProcess> Prefill { get; }

    public IReadOnlyList<ClusterProcess> Decode { get; }

    public IEnumerable<ClusterProcess> All => [.. Gateways, .. Prefill, .. Decode];

    /// <summary>By gateway.</summary>
    public IReadOnlyList<InferenceService.InferenceServiceClient> Clients { get; }

    /// <summary>Starts everything at once, and waits until every process is ready and the gateway knows every worker.</summary>
    public static async Task<ProcessCluster> StartAsync(int gateways = 1)
    {
        ProcessCluster cluster = new(gateways);
        try
        {
            await cluster.Redis.StartAsync();
            foreach (ClusterProcess process in cluster.All)
            {
                process.Start();
            }

            await Task.WhenAll(cluster.All.Select(process => process.WaitUntilReadyAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>What one process with every role answers, by number.</summary>
    public static async Task<string[]> ExpectedAsync(int count)
    {
        await using ServerFixture embedded = await ServerFixture.StartAsync(options => options with { Threads = 1 });
        return [.. (await ClusterLoad.RunAsync(() => embedded.Client, count)).Select(record => record.Content)];
    }

    /// <summary>Holds streams against what is expected of the requests of their numbers.</summary>
    public static void AssertEqual(IReadOnlyList<string> expected, IReadOnlyList<StreamRecord> records)
    {
        for (int number = 0; number < records.Count; number++)
        {
            Assert.Equal(expected[number % ClusterRequests.Count], records[number].Content);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _channels.ForEach(channel => channel.Dispose());
        foreach (ClusterProcess process in All)
        {
            await process.DisposeAsync();
        }

        await Redis.DisposeAsync();
    }

    private ClusterProcess Process(string name, string roles) => new(name, roles, Redis.Address, "--drain-seconds", "30");
}
