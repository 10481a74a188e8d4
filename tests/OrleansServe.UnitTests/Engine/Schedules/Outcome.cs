using System.Runtime.InteropServices;
using OrleansServe.Engine;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>The bits of one sampled token: equal only where everything a client can see, and the raw logits behind it, is.</summary>
internal readonly record struct Outcome(int Token, int LogprobBits, ulong TopBits, ulong LogitBits)
{
    private const ulong Start = 14695981039346656037UL;

    /// <summary>What is left of it outside the engine.</summary>
    public Outcome WithoutLogits() => this with { LogitBits = 0 };

    public static Outcome Of(in SampledToken token, ReadOnlySpan<float> logits) =>
        Of(token.Token, token.Logprob, token.TopTokens.Span, token.TopLogprobs.Span) with { LogitBits = Digest(MemoryMarshal.Cast<float, int>(logits), Start) };

    /// <summary>The outcome that a client sees.</summary>
    public static Outcome Of(int token, float logprob, ReadOnlySpan<int> topTokens, ReadOnlySpan<float> topLogprobs) =>
        new(token, BitConverter.SingleToInt32Bits(logprob), Digest(MemoryMarshal.Cast<float, int>(topLogprobs), Digest(topTokens, Start)), 0);

    /// <summary>The bits of a given token's log-probability; its logits are nobody's to see.</summary>
    public static Outcome OfScore(in SampledToken score) => Of(score, []);

    /// <summary>Fails with both where they differ.</summary>
    public static void RequireSame(Outcome outcome, Outcome alone, string what)
    {
        if (outcome != alone)
        {
            Assert.Fail($"{what}: {outcome} where alone it is {alone}");
        }
    }

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
