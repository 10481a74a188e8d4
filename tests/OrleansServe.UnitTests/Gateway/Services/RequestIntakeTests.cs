using Microsoft.Extensions.Options;
using OrleansServe.Gateway;
using OrleansServe.Gateway.Options;
using OrleansServe.Gateway.Services;
using OrleansServe.Gateway.Sessions;
using OrleansServe.Model.Configuration;
using OrleansServe.Protocol.V1;
using OrleansServe.UnitTests.Gateway.Validation;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Services;

public sealed class RequestIntakeTests
{
    [Fact]
    public void Read_LogitsWiderThanTheVocabulary_BarsWhatTheTokenizerDoesNotKnow()
    {
        GatewayModel model = TinyModel.Instance;
        Assert.Equal(0, Read(model, new GenerateRequest { Text = "a" }).Sampling.TokenLimit);

        ModelConfig wider = model.Config with { VocabSize = 400 };
        GatewayModel padded = new(model.Name, wider, model.Tokenizer, model.ChatTemplate, model.WeightsFingerprint, model.KvFormat, model.Summary);
        Assert.Equal(320, Read(padded, new GenerateRequest { Text = "a" }).Sampling.TokenLimit);
    }

    [Fact]
    public void Read_MinTokens_HoldsBackTheModelsEndAndTheRequestsStopTokens()
    {
        GenerateRequest request = new() { Text = "ab", Sampling = new SamplingOptions { MinTokens = 4 }, Stop = new StopOptions { TokenIds = { 7 } } };
        Generation read = Read(TinyModel.Instance, request);

        Assert.Equal((4, 3), (read.Sampling.MinTokens, read.Sampling.PromptTokens));
        Assert.Equal([TinyModel.End, 7], read.Sampling.EndTokens.AsEnumerable());

        request.Stop.IgnoreEos = true;
        Assert.Equal([7], Read(TinyModel.Instance, request).Sampling.EndTokens.AsEnumerable());

        request.Sampling.MinTokens = 0;
        Assert.Empty(Read(TinyModel.Instance, request).Sampling.EndTokens);
    }

    [Fact]
    public void Read_PromptLogprobsBeyondTheGatewaysLimit_AreRefused() => Rejections.AssertInvalid(
        "output.prompt_logprobs must be for at most 10 log-probabilities, prompt tokens times (1 + prompt_top_logprobs), not 4 times 3, which is 12.",
        () => Read(TinyModel.Instance, new GenerateRequest { Text = "abc", Output = new OutputOptions { PromptLogprobs = true, PromptTopLogprobs = 2 } }, limit: 10));

    private static Generation Read(GatewayModel model, GenerateRequest request, int limit = 1000) =>
        new RequestIntake(model, Options.Create(new GatewayOptions { MaxPromptLogprobs = limit })).Read(request, Guid.NewGuid());
}
