using System.Globalization;
using System.Net;

using OrleansServe.Model.Checkpoints;
using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Clusters;
using OrleansServe.TestKit.Processes;

using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>Another version of the model comes up beside the one that serves, takes over, and the first goes: as docs/kubernetes.md has it done.</summary>
public sealed class VersionRolloutTests(ITestOutputHelper output)
{
    private const int Enough = 100;

    [PublishedFact]
    public async Task Chat_AnotherVersionTakesOver_NoRequestFailsAndNoAnswerMixesThem()
    {
        ExpectedAnswers first = await ProcessCluster.ExpectedAsync(ClusterRequests.Count);
        ExpectedAnswers next = await ProcessCluster.ExpectedAsync(ClusterRequests.Count, WeightFormat.Int8);
        Assert.NotEqual(first.Weights, next.Weights);
        Assert.NotEqual(first.Contents, next.Contents);
        ClusterSize size = new(Gateways: 1, Prefill: 1, Decode: 2);
        await using ProcessCluster old = await ProcessCluster.StartAsync(size);
        await using ProcessCluster young = old.Beside(size, "-next", "--weights", "int8");
        SteadyLoad load = new();
        load.Add(old.Gateways[0], old.Clients[0]);
        using CancellationTokenSource over = new();
        Task<IReadOnlyList<StreamRecord>> running = load.RunAsync(over.Token);

        // Its gateway alone: the workers that are there are no workers of its.
        young.Gateways[0].Start();
        await young.Gateways[0].WaitForReadinessAsync((status, line) =>
            status == HttpStatusCode.ServiceUnavailable && line.EndsWith("Workers of other weights or another KV format, of which there are 3, do not serve it.", StringComparison.Ordinal));
        foreach (ClusterProcess worker in young.All.Skip(1))
        {
            worker.Start();
        }

        await Task.WhenAll(young.All.Select(process => process.WaitUntilReadyAsync()));
        load.Add(young.Gateways[0], young.Clients[0]);
        await load.WaitForAsync(Enough, record => record.Weights == next.Weights, running);

        // A worker that goes hands its streams to the other of its version, however much room those of the next have.
        await StopAsync(old.Decode[0]);
        load.Remove(old.Gateways[0]);
        foreach (ClusterProcess process in old.All.Where(process => process.IsRunning))
        {
            await StopAsync(process);
        }

        int before = load.Count;
        await load.WaitForAsync(before + Enough, _ => true, running);
        await over.CancelAsync();
        IReadOnlyList<StreamRecord> records = await running;

        for (int number = 0; number < records.Count; number++)
        {
            (records[number].Weights == first.Weights ? first : next).AssertEqual(number, records[number]);
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{records.Count} streams, {records.Count(record => record.Weights == next.Weights)} of them by the next version; {records.Count(record => record.Resumes > 0)} handed on"));
    }

    private static async Task StopAsync(ClusterProcess process)
    {
        ProcessResult ended = await process.StopAsync();
        Assert.True(ended.ExitCode == 0, $"{process.Name}: {ended}");
    }
}
