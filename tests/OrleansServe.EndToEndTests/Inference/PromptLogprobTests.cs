using OrleansServe.EndToEndTests.Support;
using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.Inference;

/// <summary>Log-probabilities of prompts.</summary>
[Collection(ServerCollection.Name)]
public sealed class PromptLogprobTests(ServerFixture server)
{
    [Fact]
    public async Task Generate_PromptLogprobs_AreTheSameBitsWithAColdAndAWarmCache()
    {
        // Longer than two blocks, so that a warm cache has something to offer.
        int[] ids = [256, .. Enumerable.Range(0, 150).Select(i => 97 + (i * i % 26))];
        Answer cold = await AskAsync(ids, scored: true);
        Answer warm = await AskAsync(ids, scored: true);
        Answer plain = await AskAsync(ids, scored: false);

        Assert.Equal(ids[1..], cold.PromptLogprobs.Select(entry => entry.TokenId));
        Assert.Equal(cold.PromptLogprobBits, warm.PromptLogprobBits);
        Assert.Equal(cold.LogprobBits, warm.LogprobBits);
        Assert.Equal(cold.LogprobBits, plain.LogprobBits);
        Assert.Equal((0, 0), (cold.Finished.Usage.CachedPromptTokens, warm.Finished.Usage.CachedPromptTokens));
        Assert.Equal(128, plain.Finished.Usage.CachedPromptTokens);
        Assert.Empty(plain.PromptLogprobs);
    }

    [Fact]
    public async Task Generate_AnswerGivenAsPrompt_HasTheLogprobsThatItWasWrittenWith()
    {
        EvaluationProblem problem = EvaluationProblem.Unseen[3];
        GenerateRequest request = problem.AsPrompt();
        request.Output = new OutputOptions { Logprobs = true, TopLogprobs = 4 };
        Answer written = await Answer.ReadAsync(server.Client.Generate(request));

        Answer scored = await AskAsync([.. problem.PromptIds, .. written.TokenIds], scored: true);

        Assert.Equal(written.LogprobBits, Answer.BitsOf(scored.PromptLogprobs.Skip(problem.PromptIds.Count - 1)));
    }

    [Fact]
    public async Task Generate_OneTokenPrompt_HasNone()
    {
        Answer answer = await AskAsync([256], scored: true);

        Assert.Empty(answer.PromptLogprobs);
        Assert.Equal(3, answer.TokenIds.Count);
    }

    private Task<Answer> AskAsync(int[] ids, bool scored) => Answer.ReadAsync(server.Client.Generate(new GenerateRequest
    {
        TokenIds = new TokenIds { Ids = { ids } },
        Sampling = new SamplingOptions { Temperature = 0, MaxTokens = 3 },
        Stop = new StopOptions { IgnoreEos = true },
        Output = new OutputOptions { Logprobs = true, TopLogprobs = 4, PromptLogprobs = scored, PromptTopLogprobs = scored ? 4 : 0 },
    }));
}
