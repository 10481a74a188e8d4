using Grpc.Core;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Xunit;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>Prefill, decode, experts and gateway on silos of their own.</summary>
public sealed class ServingTests
{
    private static readonly SiloSpec Gateway = new(SiloRole.Gateway);

    [Fact]
    public async Task Chat_EveryRoleOnItsOwnSilo_AnswersAsOneSiloDoes()
    {
        await using TestServingCluster spread = await StartAsync(
            Gateway,
            new SiloSpec(SiloRole.Prefill, new ShardRange(0, 0, 3)),
            new SiloSpec(SiloRole.Decode, new ShardRange(0, 0, 3)),
            new SiloSpec(SiloRole.Expert, new ShardRange(0, 2, 3)),
            new SiloSpec(SiloRole.Expert, new ShardRange(2, 1, 3)));
        await using TestServingCluster alone = await StartAsync(new SiloSpec(SiloRole.All));
        foreach ((string question, string expected) in Questions.Known)
        {
            ChatAnswer a = await ChatAnswer.ReadAsync(spread.Client().Chat(Questions.Ask(question)));
            ChatAnswer b = await ChatAnswer.ReadAsync(alone.Client().Chat(Questions.Ask(question)));
            Assert.Equal(expected, a.Text);
            Assert.Equal(a.Tokens, b.Tokens);
            Assert.Equal(a.Logprobs.Select(BitConverter.SingleToInt32Bits), b.Logprobs.Select(BitConverter.SingleToInt32Bits));
            Assert.Equal("Silo_1/prefill-0", a.Started.PrefillWorker);
            Assert.Equal("Silo_2/decode-0", a.Started.DecodeWorker);
        }

        // Every shard was asked, and each holds its share alone.
        ExpertShardDescription[] shards =
        [
            await Describe(spread, "Silo_3/expert-0"), await Describe(spread, "Silo_3/expert-1"), await Describe(spread, "Silo_4/expert-0"),
        ];
        Assert.Equal(Enumerable.Range(0, 8), shards.SelectMany(shard => shard.Experts[0]).Order());
        Assert.All(shards, shard => Assert.True(shard.Rows.Sum(layer => layer.Sum()) > 0));
    }

    [Fact]
    public async Task Chat_ManyAtOnceOverSeveralWorkers_AreAnsweredAsAloneAndShareTheWork()
    {
        await using TestServingCluster cluster = await StartAsync(
            Gateway,
            new SiloSpec(SiloRole.Prefill | SiloRole.Decode),
            new SiloSpec(SiloRole.Prefill | SiloRole.Decode));
        ChatAnswer[] alone = await Task.WhenAll(Questions.Known.Take(1).Select(known => ChatAnswer.ReadAsync(cluster.Client().Chat(Questions.Ask(known.Question)))));
        ChatAnswer[] together = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => ChatAnswer.ReadAsync(cluster.Client().Chat(Questions.Ask(Questions.Known[i % 3].Question)))));
        for (int i = 0; i < together.Length; i++)
        {
            Assert.Equal(Questions.Known[i % 3].Answer, together[i].Text);
        }

        Assert.Equal(alone[0].Logprobs, together[0].Logprobs);
        Assert.Equal(["Silo_1/decode-0", "Silo_2/decode-0"], together.Select(answer => answer.Started.DecodeWorker).Distinct().Order());
        Assert.Empty(cluster.Faults.Entries);
        await NoBlocksHeldAsync(cluster);
    }

    [Fact]
    public async Task Cancel_InMidStream_FreesTheBlocksOfBothWorkers()
    {
        await using TestServingCluster cluster = await StartAsync(Gateway, new SiloSpec(SiloRole.Prefill), new SiloSpec(SiloRole.Decode));
        using CancellationTokenSource cancel = new();
        AsyncServerStreamingCall<GenerateResponse> call = cluster.Client().Generate(Questions.Endless(), cancellationToken: cancel.Token);
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        await cancel.CancelAsync();
        RpcException ended = await Assert.ThrowsAsync<RpcException>(() => ChatAnswer.ReadAsync(call));
        Assert.Equal(StatusCode.Cancelled, ended.StatusCode);
        await NoBlocksHeldAsync(cluster);
    }

    [Fact]
    public async Task Kill_DecodeSilo_ItsStreamsGoOnElsewhereAsIfNothingHadHappened()
    {
        await using TestServingCluster cluster = await StartAsync(
            Gateway, new SiloSpec(SiloRole.Prefill), new SiloSpec(SiloRole.Decode), new SiloSpec(SiloRole.Decode));
        ChatAnswer whole = await ChatAnswer.ReadAsync(cluster.Client().Generate(Questions.Endless()));
        cluster.Gate.Close();
        TaskCompletionSource streaming = new();
        Task<ChatAnswer> lost = ChatAnswer.ReadAsync(cluster.Client().Generate(Questions.Endless()), _ => streaming.TrySetResult());
        await streaming.Task.WaitAsync(TestServingCluster.Patience);
        Task<ChatAnswer>[] others = [.. Enumerable.Range(0, 3).Select(_ => ChatAnswer.ReadAsync(cluster.Client().Generate(Questions.Endless())))];
        await cluster.KillAsync(2);

        // All workers were idle, so the first stream went to the first decode worker.
        ChatAnswer resumed = await lost.WaitAsync(TestServingCluster.Patience);
        Assert.Equal("Silo_2/decode-0", resumed.Started.DecodeWorker);
        Assert.InRange(resumed.Finished.Timing.Resumes, 1, 2);
        foreach (ChatAnswer answer in (ChatAnswer[])[resumed, .. await Task.WhenAll(others).WaitAsync(TestServingCluster.Patience)])
        {
            Assert.Equal(whole.Tokens, answer.Tokens);
            Assert.Equal(whole.Text, answer.Text);
            Assert.Equal(whole.Finished.Usage.CompletionTokens, answer.Finished.Usage.CompletionTokens);
            Assert.Equal(whole.Finished.Usage.PromptTokens, answer.Finished.Usage.PromptTokens);
        }

        ChatAnswer after = await ChatAnswer.ReadAsync(cluster.Client().Chat(Questions.Ask(Questions.Known[0].Question)));
        Assert.Equal(Questions.Known[0].Answer, after.Text);
        await NoBlocksHeldAsync(cluster);
    }

    [Fact]
    public async Task Stop_DecodeSilo_HandsItsStreamsOn()
    {
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(
            new SiloOptions { Model = RepositoryPaths.TinyR1, KvBlocks = 256, Threads = 1, DrainLimit = TimeSpan.FromMilliseconds(1), Serving = new ServingOptions { MaxResumes = 0 } },
            Gateway,
            new SiloSpec(SiloRole.Prefill),
            new SiloSpec(SiloRole.Decode),
            new SiloSpec(SiloRole.Decode));
        ChatAnswer whole = await ChatAnswer.ReadAsync(cluster.Client().Generate(Questions.Endless()));
        cluster.Gate.Close();
        TaskCompletionSource streaming = new();
        Task<ChatAnswer> handed = ChatAnswer.ReadAsync(cluster.Client().Generate(Questions.Endless()), _ => streaming.TrySetResult());
        await streaming.Task.WaitAsync(TestServingCluster.Patience);
        Task stopping = cluster.StopAsync(2);
        cluster.Gate.Open();
        await stopping.WaitAsync(TestServingCluster.Patience);

        // Not one loss is allowed here: a hand-over is none.
        ChatAnswer answer = await handed.WaitAsync(TestServingCluster.Patience);
        Assert.Equal("Silo_2/decode-0", answer.Started.DecodeWorker);
        Assert.Equal(1, answer.Finished.Timing.Resumes);
        Assert.Equal(whole.Tokens, answer.Tokens);
        Assert.Empty(cluster.Faults.Entries);
        await cluster.WaitForWorkersAsync(snapshot => snapshot.Workers.Length == 2 && snapshot.Workers.All(worker => worker.Load.KvBlocksUsed == 0));
    }

    [Fact]
    public async Task Stop_PrefillSilo_IsForgottenAndTheOtherServes()
    {
        await using TestServingCluster cluster = await StartAsync(
            Gateway, new SiloSpec(SiloRole.Prefill), new SiloSpec(SiloRole.Prefill), new SiloSpec(SiloRole.Decode));
        await cluster.StopAsync(1);
        await cluster.WaitForWorkersAsync(snapshot => snapshot.Workers.Count(worker => worker.Role == WorkerRole.Prefill) == 1);
        ChatAnswer answer = await ChatAnswer.ReadAsync(cluster.Client().Chat(Questions.Ask(Questions.Known[1].Question)));
        Assert.Equal(Questions.Known[1].Answer, answer.Text);
        Assert.Equal("Silo_2/prefill-0", answer.Started.PrefillWorker);
    }

    [Fact]
    public async Task Kill_SiloOfTheScheduler_MovesItToTheOtherGateway()
    {
        await using TestServingCluster cluster = await StartAsync(Gateway, Gateway, new SiloSpec(SiloRole.Prefill), new SiloSpec(SiloRole.Decode));
        await ChatAnswer.ReadAsync(cluster.Client(1).Chat(Questions.Ask(Questions.Known[0].Question)));
        await cluster.KillAsync(0);
        await cluster.WaitForWorkersAsync(snapshot => snapshot.Workers.Length == 2);
        ChatAnswer answer = await ChatAnswer.ReadAsync(cluster.Client(1).Chat(Questions.Ask(Questions.Known[2].Question)));
        Assert.Equal(Questions.Known[2].Answer, answer.Text);
    }

    [Fact]
    public async Task Kill_OnlyExpertSilo_EndsRequestsUnavailableAndNeverWrong()
    {
        await using TestServingCluster cluster = await StartAsync(
            Gateway,
            new SiloSpec(SiloRole.Prefill | SiloRole.Decode, new ShardRange(0, 0, 1)),
            new SiloSpec(SiloRole.Expert, new ShardRange(0, 1, 1)));
        cluster.Gate.Close();
        TaskCompletionSource streaming = new();
        Task<ChatAnswer> answer = ChatAnswer.ReadAsync(cluster.Client().Generate(Questions.Endless()), _ => streaming.TrySetResult());
        await streaming.Task.WaitAsync(TestServingCluster.Patience);
        await cluster.KillAsync(2);
        RpcException ended = await Assert.ThrowsAsync<RpcException>(() => answer);
        Assert.Equal(StatusCode.Unavailable, ended.StatusCode);
        await NoBlocksHeldAsync(cluster);
    }

    private static Task<TestServingCluster> StartAsync(params SiloSpec[] specs) => TestServingCluster.StartAsync(
        new SiloOptions { Model = RepositoryPaths.TinyR1, KvBlocks = 256, Threads = 1, Serving = new ServingOptions { ResumeTimeout = TimeSpan.FromSeconds(2) }, Experts = new ExpertOptions { Wait = TimeSpan.FromMilliseconds(500) } }, specs);

    private static Task<ExpertShardDescription> Describe(TestServingCluster cluster, string key) =>
        cluster.Orleans.Client.GetGrain<IExpertShardGrain>(key).DescribeAsync();

    /// <summary>Nothing leaks.</summary>
    private static Task NoBlocksHeldAsync(TestServingCluster cluster) =>
        cluster.WaitForWorkersAsync(snapshot => snapshot.Workers.All(worker => worker.Load.KvBlocksUsed == 0 && worker.Load.RunningRequests == 0));
}
