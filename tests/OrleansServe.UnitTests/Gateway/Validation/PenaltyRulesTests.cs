using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway;
using OrleansServe.Gateway.Validation;
using OrleansServe.Protocol.V1;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Validation;

/// <summary>Penalties, biases, least lengths and numbers of samples.</summary>
public sealed class PenaltyRulesTests
{
    private static readonly SeedSource Seeds = new(() => 42);

    [Fact]
    public void Read_AllGiven_TakesThemWithTheBiasesInOrderOfTheirTokens()
    {
        SamplingOptions options = new() { RepetitionPenalty = 1.1f, FrequencyPenalty = -2, PresencePenalty = 2 };
        options.LogitBias.Add(9, 100);
        options.LogitBias.Add(2, -100);

        SamplingSettings settings = SamplingRules.Read(options, null, 10, Seeds);

        Assert.Equal((1.1f, -2f, 2f), (settings.RepetitionPenalty, settings.FrequencyPenalty, settings.PresencePenalty));
        Assert.Equal([new TokenBias(2, -100), new TokenBias(9, 100)], settings.LogitBias.AsEnumerable());
    }

    [Theory]
    [InlineData(0f, "0")]
    [InlineData(-1f, "-1")]
    [InlineData(10.5f, "10.5")]
    [InlineData(float.NaN, "NaN")]
    public void Read_RepetitionPenaltyOutOfRange_IsRefused(float value, string shown) => Rejections.AssertInvalid(
        $"sampling.repetition_penalty must be in (0, 10], not {shown}.", () => Read(new SamplingOptions { RepetitionPenalty = value }));

    [Theory]
    [InlineData(2.1f, "2.1")]
    [InlineData(-2.1f, "-2.1")]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void Read_OtherPenaltiesOutOfRange_AreRefused(float value, string shown)
    {
        Rejections.AssertInvalid($"sampling.frequency_penalty must be in [-2, 2], not {shown}.", () => Read(new SamplingOptions { FrequencyPenalty = value }));
        Rejections.AssertInvalid($"sampling.presence_penalty must be in [-2, 2], not {shown}.", () => Read(new SamplingOptions { PresencePenalty = value }));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void Read_BiasOutsideTheVocabulary_IsRefused(int token) => Rejections.AssertInvalid(
        $"sampling.logit_bias must be of tokens in [0, 400), the vocabulary, not {token}.", () => Read(Bias((token, 1))));

    [Theory]
    [InlineData(100.5f, "100.5")]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void Read_BiasOutOfRange_IsRefused(float value, string shown) => Rejections.AssertInvalid(
        $"sampling.logit_bias[7] must be in [-100, 100], not {shown}.", () => Read(Bias((7, value))));

    [Fact]
    public void Read_TooManyBiases_AreRefused() => Rejections.AssertInvalid(
        "sampling.logit_bias must be at most 1024 tokens, not 1025.",
        () => SamplingRules.Read(Bias([.. Enumerable.Range(0, 1025).Select(id => (id, 1f))]), null, 5000, Seeds));

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(int.MinValue)]
    public void ReadSamples_OutOfRange_IsRefused(int value) => Rejections.AssertInvalid(
        $"sampling.n must be in [1, 16], not {value}.", () => SamplingRules.ReadSamples(new SamplingOptions { N = value }));

    [Fact]
    public void ReadSamples_AbsentOrInRange_IsTaken() =>
        Assert.Equal((1, 1, 16), (SamplingRules.ReadSamples(null), SamplingRules.ReadSamples(new SamplingOptions { N = 1 }), SamplingRules.ReadSamples(new SamplingOptions { N = 16 })));

    [Theory]
    [InlineData(-1)]
    [InlineData(11)]
    public void ReadMinTokens_OutsideTheAnswer_IsRefused(int value) => Rejections.AssertInvalid(
        $"sampling.min_tokens must be in [0, 10], the tokens that the answer may have, not {value}.",
        () => SamplingRules.ReadMinTokens(new SamplingOptions { MinTokens = value }, 10, 1, 400));

    [Fact]
    public void ReadMinTokens_EveryTokenEndsTheAnswer_IsRefused() => Rejections.AssertInvalid(
        "sampling.min_tokens must be 0 where all of the vocabulary's 3 tokens end the answer, not 1.",
        () => SamplingRules.ReadMinTokens(new SamplingOptions { MinTokens = 1 }, 10, 3, 3));

    [Fact]
    public void Read_AnyNumbers_AreRefusedByFieldOrTakenByTheEngine()
    {
        Random random = new(31);
        float[] odd = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.Epsilon, -0f, 0, 1, 2, 10, -2];
        int refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            SamplingOptions options = new();
            Maybe(value => options.Temperature = value);
            Maybe(value => options.TopP = value);
            Maybe(value => options.MinP = value);
            Maybe(value => options.RepetitionPenalty = value);
            Maybe(value => options.FrequencyPenalty = value);
            Maybe(value => options.PresencePenalty = value);
            Maybe(value => options.LogitBias[random.Next(-1, 40)] = value);
            options.TopK = random.Next(10) == 0 ? -random.Next(3) : random.Next(50);
            try
            {
                SamplingSettings settings = SamplingRules.Read(options, new OutputOptions { Logprobs = true, TopLogprobs = random.Next(21) }, 40, Seeds);
                Assert.Null(OrleansServe.Grains.Workers.TokenSamples.ToEngine(settings).FindFault(40));
            }
            catch (RequestRejectedException rejection)
            {
                Assert.Matches(@"^sampling\.[a-z_]+(\[\d+\])? must be .+, not .+\.$", rejection.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 500, 2900);

        void Maybe(Action<float> set)
        {
            switch (random.Next(12))
            {
                case 0:
                    set(odd[random.Next(odd.Length)]);
                    break;
                case < 4:
                    set((float)random.NextDouble());
                    break;
            }
        }
    }

    private static SamplingSettings Read(SamplingOptions options) => SamplingRules.Read(options, null, 400, Seeds);

    private static SamplingOptions Bias(params (int Token, float Bias)[] biases)
    {
        SamplingOptions options = new();
        foreach ((int token, float bias) in biases)
        {
            options.LogitBias.Add(token, bias);
        }

        return options;
    }
}
