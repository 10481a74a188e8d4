namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Replicas in the order of their loads, falling.</summary>
/// <param name="slots">Replicas.</param>
internal sealed class ReplicaOrder(int slots)
{
    private readonly double[] _split = new double[slots];
    private readonly int[] _splitExperts = new int[slots];
    private readonly double[] _shares = new double[slots];
    private readonly int[] _experts = new int[slots];

    /// <summary>Loads of the replicas.</summary>
    public ReadOnlySpan<double> Shares => _shares;

    /// <summary>Whose replicas they are, as places in the loads that were sorted.</summary>
    public ReadOnlySpan<int> Experts => _experts;

    /// <summary>Sorts.</summary>
    /// <param name="loads">Experts' loads, falling.</param>
    /// <param name="counts">Replicas of each; add up to the slots.</param>
    /// <remarks>Experts of one replica are in order already; the few others are sorted and merged in.</remarks>
    public void Sort(ReadOnlySpan<double> loads, ReadOnlySpan<int> counts)
    {
        int split = 0;
        for (int expert = 0; expert < counts.Length; expert++)
        {
            if (counts[expert] > 1)
            {
                // Ascending, so that the sort leaves falling shares of equal experts in the experts' order.
                _split[split] = -loads[expert] / counts[expert];
                _splitExperts[split] = expert;
                split++;
            }
        }

        Array.Sort(_split, _splitExperts, 0, split);
        int at = 0;
        int next = 0;
        for (int expert = 0; expert <= counts.Length; expert++)
        {
            if (expert < counts.Length && counts[expert] > 1)
            {
                continue;
            }

            double single = expert < counts.Length ? loads[expert] : -1;
            for (; next < split && -_split[next] >= single; next++)
            {
                for (int i = 0; i < counts[_splitExperts[next]]; i++)
                {
                    _shares[at] = -_split[next];
                    _experts[at++] = _splitExperts[next];
                }
            }

            if (expert < counts.Length)
            {
                _shares[at] = single;
                _experts[at++] = expert;
            }
        }
    }
}
