using System.Globalization;

using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Clusters;
using OrleansServe.TestKit.Processes;

using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>Every process is replaced in turn as Kubernetes does it, while requests run.</summary>
public sealed class RollingRestartTests(ITestOutputHelper output)
{
    [PublishedFact]
    public async Task Chat_EveryProcessReplacedInTurn_NoRequestFails()
    {
        ExpectedAnswers expected = await ProcessCluster.ExpectedAsync(ClusterRequests.Count);
        await using ProcessCluster cluster = await ProcessCluster.StartAsync(new ClusterSize(Gateways: 2));
        SteadyLoad load = new();
        for (int i = 0; i < cluster.Gateways.Count; i++)
        {
            load.Add(cluster.Gateways[i], cluster.Clients[i]);
        }

        using CancellationTokenSource over = new();
        Task<IReadOnlyList<StreamRecord>> running = load.RunAsync(over.Token);

        foreach (ClusterProcess process in cluster.All)
        {
            // The endpoints controller and the preStop hook: nobody is sent there any more when the signal comes.
            InferenceService.InferenceServiceClient? client = load.Remove(process);
            ProcessResult ended = await process.StopAsync();
            Assert.True(ended.ExitCode == 0, $"{process.Name}: {ended}");
            process.Start();
            await process.WaitUntilReadyAsync();
            if (client is not null)
            {
                load.Add(process, client);
            }

            Assert.False(running.IsCompleted, "The load has ended: a request failed.");
        }

        await over.CancelAsync();
        IReadOnlyList<StreamRecord> records = await running;
        expected.AssertEqual(records);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{records.Count} streams while {cluster.All.Count()} processes were replaced: {records.Count(record => record.Resumes > 0)} handed on, longest pause p99 {ClusterLoad.Percentile(records.Select(record => record.LongestPause), 0.99).TotalMilliseconds:0} ms, worst {records.Max(record => record.LongestPause).TotalMilliseconds:0} ms"));
    }
}
