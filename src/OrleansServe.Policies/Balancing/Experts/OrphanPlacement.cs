namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Gives experts that no device holds any more to those that are left: at once rather than well, for rows wait. The next plan balances.</summary>
public static class OrphanPlacement
{
    /// <summary>Completes a placement. What devices hold they keep; an orphan goes to the device with the fewest experts of its layer, the first of several.</summary>
    /// <param name="held">What is left.</param>
    /// <param name="experts">Routed experts of a layer.</param>
    /// <returns>The placement with every expert, and how many were orphans.</returns>
    /// <exception cref="ArgumentException">There is no device.</exception>
    public static (ExpertPlacement Placement, int Orphans) Complete(ExpertPlacement held, int experts)
    {
        ArgumentNullException.ThrowIfNull(held);
        if (held.Devices == 0)
        {
            throw new ArgumentException("held: no device is left", nameof(held));
        }

        int orphans = 0;
        List<List<IEnumerable<int>>> completed = [];
        for (int layer = 0; layer < held.Layers; layer++)
        {
            List<List<int>> devices = [.. Enumerable.Range(0, held.Devices).Select(device => held.ExpertsOf(layer, device).ToArray().ToList())];
            foreach (int orphan in held.Missing(layer, experts))
            {
                devices.MinBy(device => device.Count)!.Add(orphan);
                orphans++;
            }

            completed.Add([.. devices]);
        }

        return (ExpertPlacement.Of(completed), orphans);
    }
}
