using OrleansServe.Engine;

namespace OrleansServe.UnitTests.Engine.Speculation;

/// <summary>A sampled token with all it carries, as bits, to be compared whole.</summary>
internal sealed record TokenBits(int Token, string Logprobs, string Top, string? Error)
{
    public static TokenBits Of(in SampledToken token) => new(
        token.Token,
        BitConverter.SingleToInt32Bits(token.Logprob).ToString("x8"),
        string.Join(' ', token.TopTokens.ToArray().Zip(token.TopLogprobs.ToArray(), (id, p) => $"{id}:{BitConverter.SingleToInt32Bits(p):x8}")),
        token.Error);
}
