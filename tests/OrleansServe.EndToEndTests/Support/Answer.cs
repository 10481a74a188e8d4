using System.Text;
using Grpc.Core;
using OrleansServe.Protocol.V1;
using Xunit;

namespace OrleansServe.EndToEndTests.Support;

/// <summary>A stream read to its end.</summary>
internal sealed record Answer(Started Started, Finished Finished, IReadOnlyList<int> TokenIds, IReadOnlyList<TokenLogprob> Logprobs, string Text, string Reasoning)
{
    /// <summary>The prompt's log-probabilities, from its second token on.</summary>
    public IReadOnlyList<TokenLogprob> PromptLogprobs { get; private init; } = [];

    /// <summary>The bits of every log-probability, the reported alternatives included: equal only if nothing at all differs.</summary>
    public IEnumerable<(int Token, int Bits)> LogprobBits => BitsOf(Logprobs);

    /// <summary>The same of the prompt.</summary>
    public IEnumerable<(int Token, int Bits)> PromptLogprobBits => BitsOf(PromptLogprobs);

    /// <summary>The bits of log-probabilities, the reported alternatives included.</summary>
    public static IEnumerable<(int Token, int Bits)> BitsOf(IEnumerable<TokenLogprob> logprobs) => logprobs.SelectMany(entry =>
        entry.Top.Select(top => (top.TokenId, BitConverter.SingleToInt32Bits(top.Logprob)))
            .Prepend((entry.TokenId, BitConverter.SingleToInt32Bits(entry.Logprob))));

    /// <summary>Reads a stream and checks its order: one Started, Deltas, one Finished, and usage that fits them.</summary>
    public static async Task<Answer> ReadAsync(AsyncServerStreamingCall<GenerateResponse> stream)
    {
        using AsyncServerStreamingCall<GenerateResponse> call = stream;
        Started? started = null;
        Finished? finished = null;
        List<int> tokens = [];
        List<TokenLogprob> logprobs = [];
        List<TokenLogprob> prompt = [];
        StringBuilder text = new();
        StringBuilder reasoning = new();
        await foreach (GenerateResponse response in call.ResponseStream.ReadAllAsync())
        {
            Assert.Null(finished);
            switch (response.EventCase)
            {
                case GenerateResponse.EventOneofCase.Started:
                    Assert.Null(started);
                    started = response.Started;
                    break;
                case GenerateResponse.EventOneofCase.Delta:
                    Assert.NotNull(started);
                    tokens.AddRange(response.Delta.TokenIds);
                    logprobs.AddRange(response.Delta.Logprobs);
                    text.Append(response.Delta.Text);
                    reasoning.Append(response.Delta.ReasoningText);
                    break;
                case GenerateResponse.EventOneofCase.PromptLogprobs:
                    Assert.NotNull(started);
                    Assert.Empty(tokens);
                    Assert.Equal(prompt.Count + 1, response.PromptLogprobs.FirstPosition);
                    prompt.AddRange(response.PromptLogprobs.Tokens);
                    break;
                case GenerateResponse.EventOneofCase.Finished:
                    Assert.NotNull(started);
                    finished = response.Finished;
                    break;
                default:
                    Assert.Fail("A message without an event.");
                    break;
            }
        }

        Assert.NotNull(finished);
        Assert.Equal(tokens.Count, finished.Usage.CompletionTokens);
        Assert.Equal(started!.PromptTokens, finished.Usage.PromptTokens);
        Assert.Equal(started.CachedPromptTokens, finished.Usage.CachedPromptTokens);
        return new Answer(started, finished, tokens, logprobs, text.ToString(), reasoning.ToString()) { PromptLogprobs = prompt };
    }
}
