using OrleansServe.EndToEndTests.Support;
using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.Inference;

/// <summary>Several answers to one prompt.</summary>
[Collection(ServerCollection.Name)]
public sealed class SampleTests(ServerFixture server)
{
    // One token, a part of a block, a whole block, one more, and several blocks with a rest.
    public static TheoryData<int> Lengths => [1, 2, 63, 64, 65, 129, 200];

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task Generate_SampleZero_IsTheAnswerOfOneSample(int length)
    {
        int[] ids = [.. Enumerable.Range(0, length).Select(i => 97 + (i * 7 % 26))];
        Answer alone = await Answer.ReadAsync(server.Client.Generate(Request(ids, 1)));
        Samples together = await Samples.ReadAsync(server.Client.Generate(Request(ids, 4)), 4);

        Assert.Equal(alone.TokenIds, together.TokenIds[0]);
        Assert.Equal(alone.LogprobBits, Answer.BitsOf(together.Logprobs[0]));
        Assert.Equal(4, together.TokenIds.Select(tokens => string.Join(',', tokens)).Distinct().Count());
        Assert.Equal(length, together.Usage.PromptTokens);
        await server.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Generate_SamplesAmongOthers_AreTheSameBitsEachTime()
    {
        int[] ids = [.. Enumerable.Range(0, 100).Select(i => 97 + (i * 5 % 26))];
        Samples alone = await Samples.ReadAsync(server.Client.Generate(Request(ids, 6)), 6);
        Samples[] crowd = await Task.WhenAll(Enumerable.Range(2, 8).Select(n => Samples.ReadAsync(server.Client.Generate(Request(ids, n)), n)));

        foreach (Samples some in crowd)
        {
            for (int sample = 0; sample < Math.Min(6, some.TokenIds.Count); sample++)
            {
                Assert.Equal(alone.TokenIds[sample], some.TokenIds[sample]);
                Assert.Equal(Answer.BitsOf(alone.Logprobs[sample]), Answer.BitsOf(some.Logprobs[sample]));
            }
        }

        await server.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Generate_FirstLogprobs_AreEqualWhereSamplesDrewTheSameToken()
    {
        // All samples draw their first token from the same logits: what they report of it must not differ by a bit.
        GenerateRequest request = Request([256, 259], 16);
        request.Output.TopLogprobs = 3;
        Samples samples = await Samples.ReadAsync(server.Client.Generate(request), 16);

        Assert.Single(samples.Logprobs.Select(logprobs => string.Join(',', Answer.BitsOf(logprobs.Take(1)).Skip(1))).Distinct());
    }

    [Fact]
    public async Task Generate_Greedy_GivesTheSameAnswerInEverySample()
    {
        GenerateRequest request = EvaluationProblem.Unseen[0].AsPrompt();
        request.Sampling = new SamplingOptions { Temperature = 0, N = 3 };
        Samples samples = await Samples.ReadAsync(server.Client.Generate(request), 3);

        Assert.All(samples.TokenIds, tokens => Assert.Equal(EvaluationProblem.Unseen[0].OutputIds, tokens));
        Assert.All(samples.Ends, end => Assert.Equal(Finished.Types.Reason.Stop, end.Reason));
    }

    [Fact]
    public async Task Generate_OneSampleStopsEarly_TheOthersGoOn()
    {
        // A stop string that the server's gateway sees, and a stop token that its worker sees.
        GenerateRequest request = Request([256, 259], 8);
        Samples free = await Samples.ReadAsync(server.Client.Generate(request), 8);
        string stop = free.Texts[2][..2];
        int token = free.TokenIds[5][0];
        request.Stop.Strings.Add(stop);
        request.Stop.TokenIds.Add(token);
        Samples stopped = await Samples.ReadAsync(server.Client.Generate(request), 8);

        for (int sample = 0; sample < 8; sample++)
        {
            Assert.Equal(free.TokenIds[sample].Take(stopped.TokenIds[sample].Count), stopped.TokenIds[sample]);
        }

        Assert.Equal([token], stopped.TokenIds[5]);
        Assert.Equal(Finished.Types.Reason.Stop, stopped.Ends[2].Reason);
        Assert.Contains(stopped.TokenIds, tokens => tokens.Count == 24);
        await server.WaitUntilIdleAsync();
    }

    private static GenerateRequest Request(int[] ids, int samples) => new()
    {
        TokenIds = new TokenIds { Ids = { ids } },
        Sampling = new SamplingOptions { Temperature = 2, Seed = 5, MaxTokens = 24, N = samples, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.1f },
        Stop = new StopOptions { IgnoreEos = true },
        Output = new OutputOptions { Logprobs = true },
    };
}
