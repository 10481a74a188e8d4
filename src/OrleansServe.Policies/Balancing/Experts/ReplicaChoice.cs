namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Decides which replica of an expert computes a row, so that each receives its share of the rows. It needs no state and no count: whoever asks about a row is told the same.</summary>
/// <remarks>
/// Rows are points that step around a circle by the golden section, of which consecutive ones lie as evenly as points can; a replica owns an arc as long as its share. Among any n consecutive rows
/// a replica receives n times its share, up to a few rows and a logarithm of n. Layers and experts begin at places of their own, so that a short batch does not meet the same replica everywhere.
/// </remarks>
public static class ReplicaChoice
{
    // 2^64 over the golden section.
    private const ulong Step = 0x9E37_79B9_7F4A_7C15;
    private const double Circle = 18_446_744_073_709_551_616.0;

    /// <summary>Chooses.</summary>
    /// <param name="shares">[replicas], each replica's share of the expert's rows, in [0, 1]; together 1.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="expert">The expert.</param>
    /// <param name="row">Number of the row among those that go to experts; consecutive numbers are spread most evenly.</param>
    /// <returns>The replica's place in <paramref name="shares"/>; never one whose share is 0.</returns>
    /// <exception cref="ArgumentException">No share is above 0.</exception>
    public static int Of(ReadOnlySpan<double> shares, int layer, int expert, long row)
    {
        double point = (Begin(layer, expert) + (unchecked((ulong)row) * Step)) / Circle;
        double end = 0;
        int last = -1;
        for (int replica = 0; replica < shares.Length; replica++)
        {
            if (shares[replica] > 0)
            {
                end += shares[replica];
                last = replica;
                if (point < end)
                {
                    return replica;
                }
            }
        }

        // Shares that were rounded may end just before the circle does.
        return last >= 0 ? last : throw new ArgumentException($"shares: of {shares.Length} replicas none has a share above 0", nameof(shares));
    }

    // Any scattering does; this is the finalizer of a 64-bit mixer.
    private static ulong Begin(int layer, int expert)
    {
        ulong mixed = ((ulong)(uint)layer << 32) | (uint)expert;
        mixed = (mixed ^ (mixed >> 33)) * 0xFF51_AFD7_ED55_8CCD;
        mixed = (mixed ^ (mixed >> 33)) * 0xC4CE_B9FE_1A85_EC53;
        return mixed ^ (mixed >> 33);
    }
}
