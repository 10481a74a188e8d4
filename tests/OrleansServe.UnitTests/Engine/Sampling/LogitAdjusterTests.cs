using OrleansServe.Engine.Sampling;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Sampling;

public sealed class LogitAdjusterTests
{
    [Fact]
    public void Apply_RepetitionPenalty_DividesPositiveAndMultipliesOtherLogitsOfPromptAndOutput() =>
        Assert.Equal([1f, 3f, -4f, 0f, -1f], Apply([2f, 3f, -2f, 0f, -1f], new() { RepetitionPenalty = 2, PromptTokens = 2 }, [0, 2, 3, 2]));

    [Fact]
    public void Apply_FrequencyPenalty_CountsOutputOnly() =>
        Assert.Equal([1f, 0f, 0.5f], Apply([1f, 1f, 1f], new() { FrequencyPenalty = 0.5f, PromptTokens = 2 }, [0, 0, 1, 2, 1]));

    [Fact]
    public void Apply_PresencePenalty_CountsEachTokenOfTheOutputOnce() =>
        Assert.Equal([1f, 0.75f, 1f], Apply([1f, 1f, 1f], new() { PresencePenalty = 0.25f, PromptTokens = 1 }, [0, 1, 1, 1]));

    [Fact]
    public void Apply_NegativePenalties_MakeTokensLikelier() =>
        Assert.Equal([0f, 3.5f], Apply([0f, 1f], new() { FrequencyPenalty = -1, PresencePenalty = -0.5f }, [1, 1]));

    [Fact]
    public void Apply_BiasAndRepetition_BiasComesFirst() =>
        Assert.Equal([0f, 2f], Apply([0f, 1f], new() { RepetitionPenalty = 2, LogitBias = [new(1, 3f)] }, [1]));

    [Theory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public void Apply_MinTokens_HoldsStopTokensBackUntilTheOutputHasThem(int position, bool allowed)
    {
        var adjusted = Apply([1f, 1f, 1f], new() { MinTokens = 2, StopTokens = [0, 2], PromptTokens = 3 }, new int[position]);
        Assert.Equal(allowed ? [1f, 1f, 1f] : [float.NegativeInfinity, 1f, float.NegativeInfinity], adjusted);
    }

    [Fact]
    public void Apply_HugeLogits_StayFinite() =>
        Assert.Equal([float.MaxValue, float.MinValue], Apply([3e38f, -3e38f], new() { RepetitionPenalty = 0.5f, LogitBias = [new(1, -1e38f)] }, [0]));

    [Fact]
    public void Apply_RandomParameters_AgreesWithTheDefinitionCallAfterCall()
    {
        var random = new Random(23);
        var adjuster = new LogitAdjuster(40);
        for (var round = 0; round < 500; round++)
        {
            var parameters = Random(random, 40);
            var history = Enumerable.Range(0, random.Next(120)).Select(_ => random.Next(40)).ToArray();
            var logits = Enumerable.Range(0, 40).Select(_ => (float)((random.NextDouble() * 20) - 10)).ToArray();
            var adjusted = logits.ToArray();
            var cut = random.Next(history.Length + 1);
            adjuster.Apply(parameters, history.Length, new TokenHistory(history.AsSpan(0, cut), history.AsSpan(cut)), adjusted);
            Assert.Equal(Penalties.Adjust(logits, parameters, history), adjusted);
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void FindFault_OutOfRange_NamesTheField(SamplingParameters parameters, string field) =>
        Assert.StartsWith(field, parameters.FindFault(10), StringComparison.Ordinal);

    public static TheoryData<SamplingParameters, string> Faults => new()
    {
        { new() { RepetitionPenalty = 0 }, "repetition_penalty" },
        { new() { RepetitionPenalty = float.NaN }, "repetition_penalty" },
        { new() { RepetitionPenalty = float.PositiveInfinity }, "repetition_penalty" },
        { new() { FrequencyPenalty = float.NaN }, "frequency_penalty" },
        { new() { PresencePenalty = float.NegativeInfinity }, "presence_penalty" },
        { new() { MinTokens = -1 }, "min_tokens" },
        { new() { PromptTokens = -1 }, "prompt_tokens" },
        { new() { TokenLimit = 11 }, "token_limit" },
        { new() { TokenLimit = -1 }, "token_limit" },
        { new() { LogitBias = [new(10, 1f)] }, "logit_bias" },
        { new() { LogitBias = [new(-1, 1f)] }, "logit_bias" },
        { new() { LogitBias = [new(1, float.NaN)] }, "logit_bias" },
        { new() { LogitBias = default }, "logit_bias" },
        { new() { StopTokens = [10] }, "stop_tokens" },
        { new() { MinTokens = 1, TokenLimit = 2, StopTokens = [0, 1] }, "stop_tokens" },
    };

    internal static SamplingParameters Random(Random random, int vocabulary) => new()
    {
        RepetitionPenalty = random.Next(2) == 0 ? 1 : 0.5f + (float)random.NextDouble(),
        FrequencyPenalty = random.Next(2) == 0 ? 0 : (float)((random.NextDouble() * 4) - 2),
        PresencePenalty = random.Next(2) == 0 ? 0 : (float)((random.NextDouble() * 4) - 2),
        LogitBias = [.. Enumerable.Range(0, random.Next(4)).Select(i => new LogitBias((i * 7) % vocabulary, (float)((random.NextDouble() * 200) - 100)))],
        MinTokens = random.Next(20),
        StopTokens = [.. Enumerable.Range(0, random.Next(5)).Select(i => i * 3 % vocabulary).Distinct()],
        TokenLimit = random.Next(2) == 0 ? 0 : random.Next(6, vocabulary + 1),
        PromptTokens = random.Next(60),
        Temperature = random.Next(3) == 0 ? 0 : 0.5f + (float)random.NextDouble(),
        Seed = (ulong)random.Next(),
    };

    private static float[] Apply(float[] logits, SamplingParameters parameters, int[] history)
    {
        new LogitAdjuster(logits.Length).Apply(parameters, history.Length, new TokenHistory(history, []), logits);
        return logits;
    }
}
