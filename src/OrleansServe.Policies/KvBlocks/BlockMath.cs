namespace OrleansServe.Policies.KvBlocks;

/// <summary>Tokens to blocks.</summary>
public static class BlockMath
{
    /// <summary>Blocks that hold a number of tokens.</summary>
    public static int BlocksFor(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        return (int)(((long)tokens + KvBlockHasher.BlockTokens - 1) / KvBlockHasher.BlockTokens);
    }

    /// <summary>Blocks that a request fills at most. The last token produced is never fed back, so it needs no room.</summary>
    public static int BlocksForRequest(int promptTokens, int maxTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxTokens);
        return BlocksFor(checked(promptTokens + maxTokens - 1));
    }

    /// <summary>
    /// Blocks that samples of one prompt fill at most. They share the full blocks before the prompt's last token: that one each computes for itself.
    /// </summary>
    public static int BlocksForSamples(int promptTokens, int maxTokens, int samples)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(promptTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        int one = BlocksForRequest(promptTokens, maxTokens);
        return checked(one + ((samples - 1) * (one - SharedBlocks(promptTokens))));
    }

    /// <summary>Full blocks that samples of one prompt share.</summary>
    public static int SharedBlocks(int promptTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(promptTokens);
        return (promptTokens - 1) / KvBlockHasher.BlockTokens;
    }

    /// <summary>
    /// Blocks to keep free for a request that is not expected to use all of its tokens: those of its prompt and of the next token in any case, and of
    /// the rest what <paramref name="overcommit"/> leaves.
    /// </summary>
    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="maxTokens">Tokens to be produced at most.</param>
    /// <param name="overcommit">Share that is expected not to be used, in [0, 1]; 0 gives <see cref="BlocksForRequest"/>.</param>
    /// <param name="samples">Answers that go on from the prompt.</param>
    public static int BlocksExpected(int promptTokens, int maxTokens, double overcommit, int samples = 1)
    {
        int all = BlocksForRequest(promptTokens, maxTokens);
        int begin = Math.Min(all, BlocksFor(checked(promptTokens + 1)));
        int one = begin + (int)Math.Ceiling((all - begin) * (1 - Math.Clamp(overcommit, 0, 1)));
        return checked(one + ((samples - 1) * (one - SharedBlocks(promptTokens))));
    }
}
