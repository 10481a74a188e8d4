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
        string[] expected = await ProcessCluster.ExpectedAsync(ClusterRequests.Count);
        await using ProcessCluster cluster = await ProcessCluster.StartAsync(gateways: 2);
        Rotation rotation = new(cluster);
        using CancellationTokenSource over = new();
        Task<List<StreamRecord>> load = AskUntilAsync(rotation, over.Token);

        foreach (ClusterProcess process in cluster.All)
        {
            // The endpoints controller and the preStop hook: nobody is sent there any more when the signal comes.
            rotation.Leave(process);
            ProcessResult ended = await process.StopAsync();
            Assert.True(ended.ExitCode == 0, $"{process.Name}: {ended}");
            process.Start();
            await process.WaitUntilReadyAsync();
            rotation.Return(process);
            Assert.False(load.IsCompleted, "The load has ended: a request failed.");
        }

        await over.CancelAsync();
        List<StreamRecord> records = await load;
        ProcessCluster.AssertEqual(expected, records);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{records.Count} streams while {cluster.All.Count()} processes were replaced: {records.Count(record => record.Resumes > 0)} handed on, longest pause p99 {ClusterLoad.Percentile(records.Select(record => record.LongestPause), 0.99).TotalMilliseconds:0} ms, worst {records.Max(record => record.LongestPause).TotalMilliseconds:0} ms"));
    }

    // By number, so that each can be held against what is expected of it.
    private static async Task<List<StreamRecord>> AskUntilAsync(Rotation rotation, CancellationToken over)
    {
        const int AtOnce = 8;
        List<StreamRecord> records = [];
        List<Task<StreamRecord>> running = [];
        for (int next = 0; !over.IsCancellationRequested || running.Count > 0;)
        {
            while (running.Count < AtOnce && !over.IsCancellationRequested)
            {
                int number = next++;
                InferenceService.InferenceServiceClient client = rotation.Next(number);
                running.Add(StreamRecord.ReadAsync(client.Chat(ClusterRequests.Of(number), cancellationToken: CancellationToken.None)));
            }

            records.Add(await running[0]);
            running.RemoveAt(0);
        }

        return records;
    }

    /// <summary>The gateways that requests are sent to, as a service's endpoints are.</summary>
    private sealed class Rotation(ProcessCluster cluster)
    {
        private readonly Lock _lock = new();
        private readonly HashSet<int> _away = [];

        public void Leave(ClusterProcess process)
        {
            lock (_lock)
            {
                if (IndexOf(process) is >= 0 and var index)
                {
                    _away.Add(index);
                }
            }
        }

        public void Return(ClusterProcess process)
        {
            lock (_lock)
            {
                _away.Remove(IndexOf(process));
            }
        }

        public InferenceService.InferenceServiceClient Next(int number)
        {
            lock (_lock)
            {
                int[] here = [.. Enumerable.Range(0, cluster.Clients.Count).Where(index => !_away.Contains(index))];
                return cluster.Clients[here[number % here.Length]];
            }
        }

        private int IndexOf(ClusterProcess process) => cluster.Gateways.ToList().IndexOf(process);
    }
}
