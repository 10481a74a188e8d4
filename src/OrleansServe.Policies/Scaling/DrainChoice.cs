namespace OrleansServe.Policies.Scaling;

/// <summary>Chooses the nodes that leave when there are to be fewer.</summary>
public static class DrainChoice
{
    // Nodes whose work differs by less than a tenth of a node are as good as equal: what they alone have cached tells them apart.
    private const int WorkSteps = 10;

    /// <summary>
    /// Those with least work, so that few streams have to go on elsewhere; of these the ones with fewest blocks that no other node has cached, so that little is computed again; of these the
    /// last by number and name. Does not depend on the order of the candidates.
    /// </summary>
    /// <param name="candidates">Nodes of one role.</param>
    /// <param name="count">How many are to leave.</param>
    /// <returns>Names, the first to leave first; fewer than asked for where there are no more.</returns>
    /// <exception cref="ArgumentException">Two have one name, or figures are outside their ranges.</exception>
    public static IReadOnlyList<string> LeastMissed(IReadOnlyCollection<DrainCandidate> candidates, int count)
    {
        Check(candidates);
        return [.. candidates
            .OrderBy(node => (int)Math.Ceiling(node.Work * WorkSteps))
            .ThenBy(node => node.UniqueBlocks)
            .ThenByDescending(node => NodeOrdinal.Of(node.Name) ?? -1)
            .ThenByDescending(node => node.Name, StringComparer.Ordinal)
            .Take(Math.Max(0, count))
            .Select(node => node.Name)];
    }

    /// <summary>Those that a platform takes which numbers its nodes from 0 on and always has the first ones: a StatefulSet. There is no choice.</summary>
    /// <param name="candidates">Nodes of one role.</param>
    /// <param name="remaining">How many numbers remain.</param>
    /// <returns>Names, the last number first; nodes without a number are not the platform's.</returns>
    /// <exception cref="ArgumentException">Two have one name, or figures are outside their ranges.</exception>
    public static IReadOnlyList<string> LastByNumber(IReadOnlyCollection<DrainCandidate> candidates, int remaining)
    {
        Check(candidates);
        return [.. candidates
            .Select(node => (node.Name, Ordinal: NodeOrdinal.Of(node.Name)))
            .Where(node => node.Ordinal >= remaining)
            .OrderByDescending(node => node.Ordinal)
            .ThenByDescending(node => node.Name, StringComparer.Ordinal)
            .Select(node => node.Name)];
    }

    private static void Check(IReadOnlyCollection<DrainCandidate> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (DrainCandidate node in candidates)
        {
            if (!names.Add(node.Name) || node.Work is not (>= 0 and <= 1) || node.UniqueBlocks < 0)
            {
                throw new ArgumentException($"{node.Name} has work {node.Work} in [0, 1], {node.UniqueBlocks} blocks of its own from 0, and a name that no other has", nameof(candidates));
            }
        }
    }
}
