namespace OrleansServe.Kernels.Lanes;

/// <summary>
/// Sixteen fp32 numbers that advance together, however many registers that takes. Every kernel is written once over these, and lane j
/// does the same IEEE operations in the same order on each implementation: that is what makes results equal bit for bit
/// on machines of different vector width.
/// </summary>
internal interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Whether the machine has the instructions; the answer is a constant to the compiler.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>Whether 32 registers hold a tile of sixteen accumulators.</summary>
    static abstract bool HasWideTiles { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Broadcast(float value);

    static abstract TSelf Load(ref float source);

    /// <summary>Widens sixteen bf16 numbers.</summary>
    static abstract TSelf Load(ref ushort source);

    /// <summary>Widens sixteen signed bytes; exact.</summary>
    static abstract TSelf Load(ref sbyte source);

    /// <summary>Widens sixteen pairs of bf16 numbers; of each pair the one at the lower address goes to <paramref name="first"/>.</summary>
    static abstract void LoadPairs(ref ushort source, out TSelf first, out TSelf second);

    static abstract void Store(TSelf value, ref float destination);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Add(TSelf a, TSelf b);

    static abstract TSelf Subtract(TSelf a, TSelf b);

    static abstract TSelf Multiply(TSelf a, TSelf b);

    static abstract TSelf Divide(TSelf a, TSelf b);

    /// <summary>The larger one; NaN if either is.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>Where a &lt; b, <paramref name="yes"/>, elsewhere <paramref name="no"/>.</summary>
    static abstract TSelf SelectLess(TSelf a, TSelf b, TSelf yes, TSelf no);

    /// <summary>value · 2ⁿ where the low nine bits of <paramref name="shifted"/>'s encoding are n; no check of the exponent's range.</summary>
    static abstract TSelf ScaleByLowBits(TSelf value, TSelf shifted);

    /// <summary>Exchanges elements 2i and 2i + 1.</summary>
    static abstract TSelf SwapPairs(TSelf value);

    /// <summary>Sum in the fixed tree: lane j with j + 8, then + 4, + 2, + 1.</summary>
    static abstract float Sum(TSelf value);

    /// <summary>Stores four sums, each in the order of <see cref="Sum"/>, side by side.</summary>
    static abstract void StoreSums(TSelf a, TSelf b, TSelf c, TSelf d, ref float destination);
}
