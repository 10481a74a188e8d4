namespace OrleansServe.Simulation.Scenarios;

/// <summary>
/// Divides a number of nodes into whole units of both roles. Sources tell how many nodes there were, not which: the split is the one under which the busier role is least busy.
/// </summary>
/// <param name="PrefillUnits">Units of prefill.</param>
/// <param name="DecodeUnits">Units of decode.</param>
internal readonly record struct UnitSplit(int PrefillUnits, int DecodeUnits)
{
    /// <param name="nodes">Nodes to be divided; those that make no whole unit are left over.</param>
    /// <param name="prefillNodes">Nodes of a prefill unit.</param>
    /// <param name="decodeNodes">Nodes of a decode unit.</param>
    /// <param name="prefillLoad">What is asked of prefill, in nodes; only the proportion counts.</param>
    /// <param name="decodeLoad">The same of decode.</param>
    /// <returns>No units where one of each does not fit.</returns>
    public static UnitSplit Of(int nodes, int prefillNodes, int decodeNodes, double prefillLoad, double decodeLoad)
    {
        UnitSplit best = default;
        double least = double.PositiveInfinity;
        for (int decode = 1; ((long)decode * decodeNodes) + prefillNodes <= nodes; decode++)
        {
            int prefill = (nodes - (decode * decodeNodes)) / prefillNodes;
            double busiest = Math.Max(prefillLoad / ((double)prefill * prefillNodes), decodeLoad / ((double)decode * decodeNodes));
            if (busiest < least)
            {
                (best, least) = (new UnitSplit(prefill, decode), busiest);
            }
        }

        return best;
    }
}
