using OrleansServe.Gateway.Validation;
using OrleansServe.Protocol.V1;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Validation;

public sealed class OutputRulesTests
{
    [Fact]
    public void ReadPromptTopLogprobs_NotAskedFor_IsNone()
    {
        Assert.Null(OutputRules.ReadPromptTopLogprobs(null));
        Assert.Null(OutputRules.ReadPromptTopLogprobs(new OutputOptions { Logprobs = true, TopLogprobs = 3 }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public void ReadPromptTopLogprobs_InRange_IsTaken(int top) =>
        Assert.Equal(top, OutputRules.ReadPromptTopLogprobs(new OutputOptions { PromptLogprobs = true, PromptTopLogprobs = top }));

    [Theory]
    [InlineData(-1)]
    [InlineData(21)]
    public void ReadPromptTopLogprobs_OutOfRange_IsRefused(int top) => Rejections.AssertInvalid(
        $"output.prompt_top_logprobs must be in [0, 20], not {top}.",
        () => OutputRules.ReadPromptTopLogprobs(new OutputOptions { PromptLogprobs = true, PromptTopLogprobs = top }));

    [Fact]
    public void ReadPromptTopLogprobs_WithoutPromptLogprobs_IsRefused() => Rejections.AssertInvalid(
        "output.prompt_top_logprobs must be 0 unless output.prompt_logprobs is set, not 2.",
        () => OutputRules.ReadPromptTopLogprobs(new OutputOptions { PromptTopLogprobs = 2 }));

    [Fact]
    public void RequirePromptLogprobs_MoreThanTheLimit_IsRefused()
    {
        OutputRules.RequirePromptLogprobs(1, 50, 100);
        OutputRules.RequirePromptLogprobs(null, int.MaxValue, 100);
        Rejections.AssertInvalid(
            "output.prompt_logprobs must be for at most 100 log-probabilities, prompt tokens times (1 + prompt_top_logprobs), not 51 times 2, which is 102.",
            () => OutputRules.RequirePromptLogprobs(1, 51, 100));
        Rejections.AssertInvalid(
            "output.prompt_logprobs must be for at most 100 log-probabilities, prompt tokens times (1 + prompt_top_logprobs), not 2147483647 times 21, which is 45097156587.",
            () => OutputRules.RequirePromptLogprobs(20, int.MaxValue, 100));
    }
}
