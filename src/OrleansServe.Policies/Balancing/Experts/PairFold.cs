namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Replicas laid two to a device: the largest beside the smallest, and so on inwards, which no other pairing of the same replicas beats.</summary>
/// <param name="slots">Replicas.</param>
internal sealed class PairFold(int slots)
{
    private readonly ReplicaOrder _order = new(slots);

    /// <summary>The largest load of a device.</summary>
    /// <param name="loads">Experts' loads, falling.</param>
    /// <param name="counts">Replicas of each; add up to the slots.</param>
    public double Largest(ReadOnlySpan<double> loads, ReadOnlySpan<int> counts)
    {
        _order.Sort(loads, counts);
        ReadOnlySpan<double> shares = _order.Shares;
        double largest = 0;
        for (int i = 0, j = shares.Length - 1; i < j; i++, j--)
        {
            largest = Math.Max(largest, shares[i] + shares[j]);
        }

        return largest;
    }

    /// <summary>Writes each device's two experts, as places in <paramref name="loads"/>.</summary>
    /// <param name="loads">Experts' loads, falling.</param>
    /// <param name="counts">Replicas of each; add up to the slots.</param>
    /// <param name="slots">Two for each device.</param>
    public void Lay(ReadOnlySpan<double> loads, ReadOnlySpan<int> counts, Span<int> slots)
    {
        _order.Sort(loads, counts);
        ReadOnlySpan<int> experts = _order.Experts;
        for (int i = 0, j = experts.Length - 1; i < j; i++, j--)
        {
            slots[2 * i] = experts[i];
            slots[(2 * i) + 1] = experts[j];
        }
    }
}
