using Grpc.Core;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Xunit;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>The cluster with every KV block, token and expert row on TCP.</summary>
public sealed class WireServingTests
{
    private static readonly SiloOptions OverTcp = new()
    {
        Model = RepositoryPaths.TinyR1,
        KvBlocks = 256,
        Threads = 1,
        DataPlane = new DataPlaneOptions { Kind = DataPlaneKind.Tcp },
        Serving = new ServingOptions { ResumeTimeout = TimeSpan.FromSeconds(1) },
    };

    [Fact]
    public async Task Chat_EveryRoleOnItsOwnSiloOverTcp_AnswersAsInMemory()
    {
        await using TestServingCluster wire = await TestServingCluster.StartAsync(
            OverTcp,
            new SiloSpec(SiloRole.Gateway),
            new SiloSpec(SiloRole.Prefill, new ShardRange(0, 0, 2)),
            new SiloSpec(SiloRole.Decode, new ShardRange(0, 0, 2)),
            new SiloSpec(SiloRole.Expert, new ShardRange(0, 1, 2)),
            new SiloSpec(SiloRole.Expert, new ShardRange(1, 1, 2)));
        await using TestServingCluster alone = await TestServingCluster.StartAsync(RepositoryPaths.TinyR1, new SiloSpec(SiloRole.All));
        ChatAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 9).Select(i => ChatAnswer.ReadAsync(wire.Client().Chat(Questions.Ask(Questions.Known[i % 3].Question)))));
        for (int i = 0; i < answers.Length; i++)
        {
            ChatAnswer expected = await ChatAnswer.ReadAsync(alone.Client().Chat(Questions.Ask(Questions.Known[i % 3].Question)));
            Assert.Equal(Questions.Known[i % 3].Answer, answers[i].Text);
            Assert.Equal(expected.Tokens, answers[i].Tokens);
            Assert.Equal(expected.Logprobs.Select(BitConverter.SingleToInt32Bits), answers[i].Logprobs.Select(BitConverter.SingleToInt32Bits));
        }

        // Every silo has sent: tokens, KV, outputs of experts.
        Assert.All(Enumerable.Range(1, 4), silo => Assert.InRange(wire.CountersOf(silo).BytesSent, 10_000, long.MaxValue));
        Assert.Equal(0, Enumerable.Range(0, 5).Sum(silo => wire.CountersOf(silo).ProtocolErrors + wire.CountersOf(silo).PeersLost + wire.CountersOf(silo).TokenResumes));
        Assert.Empty(wire.Wire.Entries);
        Assert.Empty(wire.Faults.Entries);
        await wire.WaitForWorkersAsync(snapshot => snapshot.Workers.All(worker => worker.Load.KvBlocksUsed == 0));
    }

    [Fact]
    public async Task Kill_OnlyDecodeSiloOverTcp_EndsItsStreams()
    {
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(
            OverTcp, new SiloSpec(SiloRole.Gateway), new SiloSpec(SiloRole.Prefill), new SiloSpec(SiloRole.Decode));
        TaskCompletionSource streaming = new();
        Task<ChatAnswer> lost = ChatAnswer.ReadAsync(cluster.Client().Generate(Questions.Endless()), _ => streaming.TrySetResult());
        await streaming.Task.WaitAsync(TestServingCluster.Patience);
        await cluster.KillAsync(2);
        RpcException ended = await Assert.ThrowsAsync<RpcException>(() => lost.WaitAsync(TestServingCluster.Patience));
        Assert.Equal(StatusCode.Unavailable, ended.StatusCode);
        await cluster.WaitForWorkersAsync(snapshot => snapshot.Workers.All(worker => worker.Load.KvBlocksUsed == 0));
    }
}
