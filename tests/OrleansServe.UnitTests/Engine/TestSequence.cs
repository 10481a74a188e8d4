using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Sampling;

namespace OrleansServe.UnitTests.Engine;

/// <summary>A sequence under test: its tokens, how many of them are cached, and its blocks.</summary>
internal sealed class TestSequence(IEnumerable<int> tokens, params int[] blocks)
{
    public List<int> Tokens { get; } = [.. tokens];

    public int Cached { get; set; }

    public int[] Blocks { get; set; } = blocks;

    public SamplingParameters? Sampling { get; init; }

    public int TopLogprobs { get; init; }

    public int Pending => Tokens.Count - Cached;

    /// <summary>A sequence with the blocks from <paramref name="firstBlock"/> on.</summary>
    public static TestSequence At(int firstBlock, IEnumerable<int> tokens, int room = 64)
    {
        int[] all = [.. tokens];
        return new(all, [.. Enumerable.Range(firstBlock, KvLayout.BlocksFor(all.Length + room))]);
    }

    /// <summary>The next tokens to feed; samples after the last one of the sequence.</summary>
    public StepSequence Next(int count, int sampleRows = -1) => new()
    {
        Tokens = Tokens.GetRange(Cached, count).ToArray(),
        StartPosition = Cached,
        Blocks = Blocks,
        SampleRows = sampleRows >= 0 ? sampleRows : count == Pending ? 1 : 0,
        Sampling = Sampling,
        History = Tokens.GetRange(0, Cached).ToArray(),
        TopLogprobs = TopLogprobs,
    };
}
