namespace OrleansServe.Policies.KvBlocks;

/// <summary>How a released chain of blocks is to be kept.</summary>
/// <param name="Known">Blocks, from the first on, whose content had been seen before the request.</param>
/// <param name="KnownClass">Class of those.</param>
/// <param name="NewClass">Class of the blocks behind them.</param>
internal readonly record struct ChainReuse(int Known, ReuseClass KnownClass, ReuseClass NewClass)
{
    /// <summary>Uses after which a block tells nothing of the request any more: a system prompt that everyone shares.</summary>
    public const byte CommonUses = 16;

    public ReuseClass ClassAt(int position) => position < Known ? KnownClass : NewClass;

    /// <param name="uses">[blocks] how often each named block of the chain had been used before; saturated at <see cref="CommonUses"/>.</param>
    /// <param name="turnBlocks">Blocks that an answer and the next question add to a conversation at most.</param>
    public static ChainReuse Judge(ReadOnlySpan<byte> uses, int turnBlocks)
    {
        int known = 0;
        bool tells = false;
        while (known < uses.Length && uses[known] > 0)
        {
            tells |= uses[known] < CommonUses;
            known++;
        }

        if (!tells)
        {
            return new ChainReuse(known, ReuseClass.Ordinary, ReuseClass.Ordinary);
        }

        return uses.Length - known <= turnBlocks
            ? new ChainReuse(known, ReuseClass.Continued, ReuseClass.Continued)
            : new ChainReuse(known, ReuseClass.Ordinary, ReuseClass.Branch);
    }
}
