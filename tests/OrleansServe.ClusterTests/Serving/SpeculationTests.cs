using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Xunit;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>Drafting through the whole cluster: KV of the MTP layer sent along, its experts on shards, the counts in the usage.</summary>
public sealed class SpeculationTests
{
    [Fact]
    public async Task Chat_WithAndWithoutDrafts_GivesTheSameBitsAndExactUsage()
    {
        List<ChatAnswer> plain = await AnswersAsync(0);
        Assert.All(plain, answer => Assert.Equal((0, 0), (answer.Finished.Usage.DraftedTokens, answer.Finished.Usage.AcceptedDraftTokens)));
        foreach (int drafts in (int[])[1, 3])
        {
            List<ChatAnswer> drafted = await AnswersAsync(drafts);
            for (int i = 0; i < plain.Count; i++)
            {
                Assert.Equal(plain[i].Tokens, drafted[i].Tokens);
                Assert.Equal(plain[i].Logprobs.Select(BitConverter.SingleToInt32Bits), drafted[i].Logprobs.Select(BitConverter.SingleToInt32Bits));
                Assert.Equal(plain[i].Finished.Reason, drafted[i].Finished.Reason);
                Usage usage = drafted[i].Finished.Usage;
                Assert.InRange(usage.AcceptedDraftTokens, 0, Math.Min(usage.DraftedTokens, usage.CompletionTokens - 1));
            }

            // Greedy, with one draft a step: nearly every draft of this model is right, and each right one saves a step.
            if (drafts == 1)
            {
                Usage greedy = drafted[0].Finished.Usage;
                Assert.True(greedy.AcceptedDraftTokens > greedy.CompletionTokens / 3, $"{greedy.AcceptedDraftTokens} of {greedy.CompletionTokens} tokens were drafted");
            }
        }
    }

    private static async Task<List<ChatAnswer>> AnswersAsync(int drafts)
    {
        SiloOptions options = new() { Model = RepositoryPaths.TinyR1, KvBlocks = 256, Threads = 1, SpeculativeTokens = drafts };
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(
            options,
            new SiloSpec(SiloRole.Gateway),
            new SiloSpec(SiloRole.Prefill, new ShardRange(0, 0, 2)),
            new SiloSpec(SiloRole.Decode, new ShardRange(0, 0, 2)),
            new SiloSpec(SiloRole.Expert, new ShardRange(0, 2, 2)));
        List<ChatAnswer> answers = [.. await Task.WhenAll(Requests().Select(request => ChatAnswer.ReadAsync(cluster.Client().Chat(request))))];

        // Once more, from the prefix cache: the last cached token is fed again for its state.
        answers.AddRange(await Task.WhenAll(Requests().Select(request => ChatAnswer.ReadAsync(cluster.Client().Chat(request)))));
        Assert.Empty(cluster.Faults.Entries);
        return answers;
    }

    private static IEnumerable<ChatRequest> Requests()
    {
        foreach ((string question, _) in Questions.Known)
        {
            yield return Questions.Ask(question);
            ChatRequest sampled = Questions.Ask(question);
            sampled.Sampling = new SamplingOptions { Temperature = 1.3f, TopP = 0.95f, Seed = 11, MaxTokens = 120 };
            yield return sampled;
        }
    }
}
