namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Gives each further replica to the expert with the most load for a replica, which makes the largest load of a replica as small as it can be.</summary>
/// <param name="experts">Experts.</param>
/// <remarks>The replication of DeepSeek's published balancer (EPLB, open-source week).</remarks>
internal sealed class GreedyReplication(int experts)
{
    private readonly LoadHeap _heap = new(experts);

    /// <summary>Counts replicas.</summary>
    /// <param name="loads">Experts' loads.</param>
    /// <param name="slots">Replicas in all; at least one for each expert.</param>
    /// <param name="most">Replicas that an expert may have; times the experts at least <paramref name="slots"/>.</param>
    /// <param name="counts">Replicas of each.</param>
    /// <returns>The largest load of a replica.</returns>
    public double Count(ReadOnlySpan<double> loads, int slots, int most, Span<int> counts)
    {
        double capped = 0;
        _heap.Clear();
        for (int expert = 0; expert < loads.Length; expert++)
        {
            counts[expert] = 1;
            if (most > 1)
            {
                _heap.Push(expert, -loads[expert]);
            }
            else
            {
                capped = Math.Max(capped, loads[expert]);
            }
        }

        for (int free = slots - loads.Length; free > 0; free--)
        {
            int expert = _heap.First;
            if (++counts[expert] < most)
            {
                _heap.RaiseFirst(-loads[expert] / counts[expert]);
            }
            else
            {
                capped = Math.Max(capped, loads[expert] / counts[expert]);
                _heap.RemoveFirst();
            }
        }

        return _heap.Count > 0 ? Math.Max(capped, -_heap.FirstKey) : capped;
    }
}
