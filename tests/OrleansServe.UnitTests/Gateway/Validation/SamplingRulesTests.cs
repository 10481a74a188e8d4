using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway;
using OrleansServe.Gateway.Validation;
using OrleansServe.Protocol.V1;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Validation;

public sealed class SamplingRulesTests
{
    private static readonly SeedSource Seeds = new(() => 42);

    [Fact]
    public void Read_Nothing_GivesTheDocumentedDefaults() =>
        Assert.Equal(new SamplingSettings(1, 1, 0, 0, 42, 0), SamplingRules.Read(null, null, 400, Seeds));

    [Fact]
    public void Read_EmptyMessages_GivesTheDocumentedDefaults() =>
        Assert.Equal(new SamplingSettings(1, 1, 0, 0, 42, 0), SamplingRules.Read(new SamplingOptions(), new OutputOptions(), 400, Seeds));

    [Fact]
    public void Read_AllGiven_TakesThem()
    {
        SamplingOptions options = new() { Temperature = 0.6f, TopP = 0.95f, TopK = 40, MinP = 0.05f, Seed = 0 };

        Assert.Equal(
            new SamplingSettings(0.6f, 0.95f, 40, 0.05f, 0, 5),
            SamplingRules.Read(options, new OutputOptions { Logprobs = true, TopLogprobs = 5 }, 400, Seeds));
    }

    [Fact]
    public void Read_NoSeed_DrawsOneForEachRequest()
    {
        ulong next = 0;
        SeedSource seeds = new(() => next++);

        Assert.Equal(0ul, SamplingRules.Read(null, null, 400, seeds).Seed);
        Assert.Equal(1ul, SamplingRules.Read(null, null, 400, seeds).Seed);
    }

    [Theory]
    [InlineData(-0.1f, "-0.1")]
    [InlineData(2.1f, "2.1")]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void Read_TemperatureOutOfRange_IsRefused(float value, string shown) => Rejections.AssertInvalid(
        $"sampling.temperature must be in [0, 2], not {shown}.",
        () => SamplingRules.Read(new SamplingOptions { Temperature = value }, null, 400, Seeds));

    [Theory]
    [InlineData(0f, "0")]
    [InlineData(-1f, "-1")]
    [InlineData(1.5f, "1.5")]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    public void Read_TopPOutOfRange_IsRefused(float value, string shown) => Rejections.AssertInvalid(
        $"sampling.top_p must be in (0, 1], not {shown}.",
        () => SamplingRules.Read(new SamplingOptions { TopP = value }, null, 400, Seeds));

    [Theory]
    [InlineData(-0.01f, "-0.01")]
    [InlineData(1.01f, "1.01")]
    [InlineData(float.NaN, "NaN")]
    public void Read_MinPOutOfRange_IsRefused(float value, string shown) => Rejections.AssertInvalid(
        $"sampling.min_p must be in [0, 1], not {shown}.",
        () => SamplingRules.Read(new SamplingOptions { MinP = value }, null, 400, Seeds));

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void Read_TopKNegative_IsRefused(int value) => Rejections.AssertInvalid(
        $"sampling.top_k must be 0 for all tokens or at least 1, not {value}.",
        () => SamplingRules.Read(new SamplingOptions { TopK = value }, null, 400, Seeds));

    [Theory]
    [InlineData(0f, 1f, 0f)]
    [InlineData(2f, 1e-6f, 1f)]
    public void Read_AtTheBounds_IsTaken(float temperature, float topP, float minP)
    {
        SamplingSettings settings = SamplingRules.Read(
            new SamplingOptions { Temperature = temperature, TopP = topP, MinP = minP, TopK = int.MaxValue }, null, 400, Seeds);

        Assert.Equal((temperature, topP, minP, int.MaxValue), (settings.Temperature, settings.TopP, settings.MinP, settings.TopK));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(21)]
    [InlineData(int.MaxValue)]
    public void Read_TopLogprobsOutOfRange_IsRefused(int value) => Rejections.AssertInvalid(
        $"output.top_logprobs must be in [0, 20], not {value}.",
        () => SamplingRules.Read(null, new OutputOptions { Logprobs = true, TopLogprobs = value }, 400, Seeds));

    [Fact]
    public void Read_TopLogprobsWithoutLogprobs_IsRefused() => Rejections.AssertInvalid(
        "output.top_logprobs must be 0 unless output.logprobs is set, not 3.",
        () => SamplingRules.Read(null, new OutputOptions { TopLogprobs = 3 }, 400, Seeds));

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(1009)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void ReadMaxTokens_OutsideTheRoom_IsRefused(int value) => Rejections.AssertInvalid(
        $"sampling.max_tokens must be in [1, 1008], the room that 16 prompt tokens leave of the context of 1024, not {value}.",
        () => SamplingRules.ReadMaxTokens(new SamplingOptions { MaxTokens = value }, 16, 1024));

    [Theory]
    [InlineData(1)]
    [InlineData(1008)]
    public void ReadMaxTokens_WithinTheRoom_IsTaken(int value) =>
        Assert.Equal(value, SamplingRules.ReadMaxTokens(new SamplingOptions { MaxTokens = value }, 16, 1024));

    [Fact]
    public void ReadMaxTokens_Absent_GivesAllTheRoom()
    {
        Assert.Equal(1008, SamplingRules.ReadMaxTokens(null, 16, 1024));
        Assert.Equal(1, SamplingRules.ReadMaxTokens(new SamplingOptions(), 1023, 1024));
    }
}
