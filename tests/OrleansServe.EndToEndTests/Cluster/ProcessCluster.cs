using Grpc.Net.Client;

using OrleansServe.Model.Checkpoints;
using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Clusters;
using OrleansServe.TestKit.Servers;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>Gateway, prefill and decode processes on loopback that serve one version of a model, and the Redis by which they know each other and those of other versions.</summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private readonly string[] _arguments;
    private readonly bool _ownsRedis;
    private readonly List<GrpcChannel> _channels = [];

    private ProcessCluster(RedisServer? redis, ClusterSize size, string suffix, string[] arguments)
    {
        _arguments = arguments;
        _ownsRedis = redis is null;
        Redis = redis ?? new RedisServer();
        Gateways = [.. Enumerable.Range(0, size.Gateways).Select(i => Process($"gateway{suffix}-{i}", "gateway"))];
        Prefill = [.. Enumerable.Range(0, size.Prefill).Select(i => Process($"prefill{suffix}-{i}", "prefill"))];
        Decode = [.. Enumerable.Range(0, size.Decode).Select(i => Process($"decode{suffix}-{i}", "decode"))];
        foreach (ClusterProcess gateway in Gateways)
        {
            _channels.Add(GrpcChannel.ForAddress(gateway.GrpcAddress));
        }

        Clients = [.. _channels.Select(channel => new InferenceService.InferenceServiceClient(channel))];
    }

    public RedisServer Redis { get; }

    public IReadOnlyList<ClusterProcess> Gateways { get; }

    public IReadOnlyList<ClusterProcess> Prefill { get; }

    public IReadOnlyList<ClusterProcess> Decode { get; }

    public IEnumerable<ClusterProcess> All => [.. Gateways, .. Prefill, .. Decode];

    /// <summary>By gateway.</summary>
    public IReadOnlyList<InferenceService.InferenceServiceClient> Clients { get; }

    /// <summary>Starts everything at once, and waits until every process is ready and the gateway knows every worker.</summary>
    public static async Task<ProcessCluster> StartAsync(ClusterSize? size = null)
    {
        ProcessCluster cluster = new(null, size ?? new ClusterSize(), "", []);
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

    /// <summary>Processes of another version in the same cluster; none is started yet.</summary>
    /// <param name="size">How many.</param>
    /// <param name="suffix">Tells their names from those that are there.</param>
    /// <param name="arguments">What makes the version.</param>
    public ProcessCluster Beside(ClusterSize size, string suffix, params string[] arguments) => new(Redis, size, suffix, arguments);

    /// <summary>What one process with every role answers, by number.</summary>
    public static async Task<ExpectedAnswers> ExpectedAsync(int count, WeightFormat weights = WeightFormat.Native)
    {
        await using ServerFixture embedded = await ServerFixture.StartAsync(options => options with { Threads = 1, Weights = weights });
        return new ExpectedAnswers(embedded.Host.WeightsFingerprint, [.. (await ClusterLoad.RunAsync(() => embedded.Client, count)).Select(record => record.Content)]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _channels.ForEach(channel => channel.Dispose());
        foreach (ClusterProcess process in All)
        {
            await process.DisposeAsync();
        }

        if (_ownsRedis)
        {
            await Redis.DisposeAsync();
        }
    }

    private ClusterProcess Process(string name, string roles) => new(name, roles, Redis.Address, ["--drain-seconds", "30", .. _arguments]);
}
