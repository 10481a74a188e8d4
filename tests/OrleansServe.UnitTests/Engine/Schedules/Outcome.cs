using System.Runtime.InteropServices;
using OrleansServe.Engine;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>The bits of one sampled token: equal only where everything a client can see, and the raw logits behind it, is.</summary>
internal readonly record struct Outcome(int Token, int LogprobBits, ulong TopBits, ulong LogitBits)
{
    private const ulong Start = 14695981039346656037UL;

    public static Outcome Of(in SampledToken token, ReadOnlySpan<float> logits) => new(
        token.Token,
        BitConverter.SingleToInt32Bits(token.Logprob),
        Digest(MemoryMarshal.Cast<float, int>(token.TopLogprobs.Span), Digest(token.TopTokens.Span, Start)),
        Digest(MemoryMarshal.Cast<float, int>(logits), Start));

    /// <summary>The bits of a given token's log-probability; its logits are nobody's to see.</summary>
    public static Outcome OfScore(in SampledToken score) => Of(score, []);

    /// <summary>One number for many outcomes, the same in every process.</summary>
    public static ulong Digest(IEnumerable<Outcome> outcomes) =>
        outcomes.Aggregate(Start, static (sum, o) => Digest([o.Token, o.LogprobBits, (int)o.TopBits, (int)(o.TopBits >> 32), (int)o.LogitBits, (int)(o.LogitBits >> 32)], sum));

    /// <summary>FNV-1a by words: the runtime's own hashes differ from process to process.</summary>
    public static ulong Digest(ReadOnlySpan<int> words, ulong sum)
    {
        foreach (var word in words)
        {
            sum = unchecked((sum ^ (uint)word) * 1099511628211UL);
        }

        return sum;
    }
}
